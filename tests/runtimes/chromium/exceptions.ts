/** What a page in Chromium cannot do besides, case by case. */
import { CONNECTOR as OF_PAGES } from "../page/exceptions.ts";
import type { Without } from "../runtime.ts";

/** Of the connector's list. */
export const CONNECTOR: Without = {
  "header lines are sent": "the browser writes user-agent itself",
  ...OF_PAGES,
  "an upgrade nobody asked for is an error": { reason: "the browser waits for more until a timer ends it" },
};
