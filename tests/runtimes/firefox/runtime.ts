/** A page in Firefox. */
import { pagesIn } from "../page/runtime.ts";
import type { Runtime } from "../runtime.ts";
import { startBrowser } from "./browser.ts";
import { CONNECTOR } from "./exceptions.ts";

export const firefox: Runtime = pagesIn("Firefox", CONNECTOR, startBrowser);
