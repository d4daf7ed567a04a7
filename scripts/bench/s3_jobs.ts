/** The jobs of the S3 races, as a contestant does them. */
import { inParallel } from "./harness.ts";
import type { BenchClient } from "./s3_clients.ts";

const MIB = 2 ** 20;
const SMALL = 1024;
const WIDTH = 32;
/** Small requests of a job. */
export const REQUESTS = 2000;
/** Pages that are read in a job. */
export const PAGES = 50;
/** Bytes of a large object. */
export const LARGE = 256 * MIB;

/** Name of a job. */
export type Job = "GET" | "PUT" | "HEAD" | "GET large" | "PUT large" | "page";

const small = new Uint8Array(SMALL);
let large: Uint8Array<ArrayBuffer> | undefined;

/** What is to be done for each. */
export const jobs: Readonly<Record<Job, (client: BenchClient) => Promise<unknown>>> = {
  GET: (client) => inParallel(REQUESTS, WIDTH, () => client.get(`bytes/${SMALL}`)),
  PUT: (client) => inParallel(REQUESTS, WIDTH, () => client.put("small", small)),
  HEAD: (client) => inParallel(REQUESTS, WIDTH, () => client.head(`bytes/${SMALL}`)),
  async "GET large"(client) {
    const { length } = await client.get(`bytes/${LARGE}`);
    if (length !== LARGE) throw new Error(`Got ${length} bytes`);
  },
  async "PUT large"(client) {
    large ??= new Uint8Array(LARGE).map((_, i) => i & 0xff);
    await client.putParts("large", large, 8 * MIB);
  },
  async page(client) {
    for (let i = 0; i < PAGES; i++) await client.readPage!();
  },
};
