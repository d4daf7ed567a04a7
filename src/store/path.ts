/** Object paths. */

declare const brand: unique symbol;
/** A valid path: `/`-separated, no empty, `.` or `..` segment, no control character, no slash at either end. Root is `""`. */
export type Path = string & { readonly [brand]: "Path" };
/** What operations take: a string is parsed, never encoded. */
export type PathInput = Path | string;
