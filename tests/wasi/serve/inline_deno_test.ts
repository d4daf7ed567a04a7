/** Guests on the thread that serves, behind `Deno.serve`. */
import { testServing } from "./settings.ts";

testServing({ isolation: "inline", listener: "deno" });
