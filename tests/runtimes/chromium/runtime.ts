/** A page in Chromium. */
import { pagesIn } from "../page/runtime.ts";
import type { Runtime } from "../runtime.ts";
import { startBrowser } from "./browser.ts";
import { CONNECTOR } from "./exceptions.ts";

export const chromium: Runtime = pagesIn("Chromium", CONNECTOR, startBrowser);
