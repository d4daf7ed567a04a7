/**
 * Lists a million keys: a program that Deno and Node run, as long as its input lasts. Takes the URL of the server
 * (`s3_origin.ts`) and prints what it saw, as JSON.
 */
import process from "node:process";
import { FetchConnector } from "../../src/http/fetch.ts";
import { S3Store } from "../../src/stores/s3/mod.ts";
import { residentMiB } from "./harness.ts";

/**
 * What the listing took. Memory that it took beyond the first 10,000 keys, and beyond the first tenth. What a listing
 * keeps would show in both; what it does not keep shows too, as V8 doubles the room of young objects whenever as many
 * bytes of them have lived through its collections as there is room (`--trace-gc-nvp` tells).
 */
export interface KeysListed {
  readonly count: number;
  readonly seconds: number;
  /** In MiB. */
  readonly afterFirst: number;
  /** In MiB. */
  readonly afterTenth: number;
}

async function listAll(endpoint: string): Promise<KeysListed> {
  const store = new S3Store({
    bucket: "bench",
    endpoint,
    accessKeyId: "bench",
    secretAccessKey: "bench-secret",
    connector: new FetchConnector(),
    client: { allowHttp: true },
  });
  let [count, start, settled, peak] = [0, 0, 0, 0];
  const started = performance.now();
  for await (const _ of store.list()) {
    if (++count % 10_000 !== 0) continue;
    peak = Math.max(peak, residentMiB());
    if (count === 10_000) start = peak;
    if (count === 100_000) settled = peak;
  }
  const seconds = (performance.now() - started) / 1000;
  store.close();
  return { count, seconds, afterFirst: peak - start, afterTenth: peak - settled };
}

console.log(JSON.stringify(await listAll(process.argv[2]!)));
