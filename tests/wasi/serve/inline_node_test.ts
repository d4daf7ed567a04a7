/** Guests on the thread that serves, behind `node:http`. */
import { testServing } from "./settings.ts";

testServing({ isolation: "inline", listener: "node" });
