/**
 * `deno task bench [suite …]`: measures storeport against its peers, side by side in one run. Only ratios mean
 * anything; targets are told as reached or missed, and nothing fails because of them.
 */
import type { RaceResult } from "./harness.ts";

const suites: Readonly<Record<string, () => Promise<RaceResult[]>>> = {
  "http-store": async () => await (await import("./http_store.ts")).httpStore(),
  "s3": async () => await (await import("./s3.ts")).s3(),
  "serve": async () => await (await import("./serve.ts")).serve(),
  "wasi": async () => await (await import("./wasi.ts")).wasi(),
  "store-ops": async () => await (await import("./store_ops.ts")).storeOps(),
};

const wanted = Deno.args.length > 0 ? Deno.args : Object.keys(suites);
const missed: string[] = [];
for (const name of wanted) {
  const suite = suites[name];
  if (suite === undefined) {
    console.error(`Unknown suite "${name}"; there are ${Object.keys(suites).join(", ")}`);
    Deno.exit(2);
  }
  console.log(`\n== ${name} ==`);
  for (const result of await suite()) missed.push(...result.missed);
}
console.log(missed.length === 0 ? "\nAll targets reached" : `\nTargets missed:\n  ${missed.join("\n  ")}`);
