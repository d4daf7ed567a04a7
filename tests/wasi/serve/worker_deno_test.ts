/** Guests in workers, behind `Deno.serve`. */
import { testServing } from "./settings.ts";

testServing({ isolation: "worker", listener: "deno" });
