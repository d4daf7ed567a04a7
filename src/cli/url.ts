/** Telling URLs from names of files. */

/** Whether an argument is a URL rather than the name of a file; one letter before the colon is a drive. */
export function isUrl(argument: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(argument);
}
