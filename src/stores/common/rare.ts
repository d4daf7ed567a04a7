/** What successful reads of small objects do without, in one file so that it loads at once. */
export { fill } from "./fill.ts";
export { measure, suffixOfEmpty, wholeOfUnknownLength } from "./get_unsized.ts";
export { recover } from "./recovery.ts";
export { readFailure } from "./response_error.ts";
