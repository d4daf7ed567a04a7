/** The host's conformance list, in Deno. */
import { hostCases, withEnv } from "./cases/mod.ts";
import "./generator.ts";

for (const [area, cases] of Object.entries(hostCases)) {
  for (const { name, run } of cases) {
    Deno.test(`host, ${area}: ${name}`, () => withEnv(run));
  }
}
