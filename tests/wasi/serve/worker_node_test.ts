/** Guests in workers, behind `node:http`. */
import { testServing } from "./settings.ts";

testServing({ isolation: "worker", listener: "node" });
