/** JavaScript guests on threads of their own. */
import { testJavaScript } from "./javascript.ts";

testJavaScript({ isolation: "worker", listener: "node" });
