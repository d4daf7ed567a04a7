/** What a page in Firefox cannot do besides, case by case. */
import { CONNECTOR as OF_PAGES } from "../page/exceptions.ts";
import type { Without } from "../runtime.ts";

/** Of the connector's list. */
export const CONNECTOR: Without = {
  ...OF_PAGES,
  "errors about what is not HTTP hold no secrets of the URL":
    "the browser takes what is not HTTP for the body of an answer in HTTP/0.9",
  "a chunk whose size is no number fails the body": "fetch says nothing but that it failed",
};
