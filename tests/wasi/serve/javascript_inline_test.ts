/** JavaScript guests on the thread that serves. */
import { testJavaScript } from "./javascript.ts";

testJavaScript({ isolation: "inline", listener: "deno" });
