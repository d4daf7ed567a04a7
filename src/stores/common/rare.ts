/** What reads of small objects do without that go well; one file to load for all of it. */
export { fill } from "./fill.ts";
export { measure, suffixOfEmpty, wholeOfUnknownLength } from "./get_unsized.ts";
export { recover } from "./recovery.ts";
export { readFailure } from "./response_error.ts";
