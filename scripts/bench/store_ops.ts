/** What stores do beyond single requests: streaming copies in bounded memory, ranges fetched together. */
import { serveGateway } from "../../src/gateway/mod.ts";
import { HttpStore } from "../../src/stores/http/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";
import { type Contestant, inParallel, measured, race, type RaceResult, residentMiB } from "./harness.ts";
import { startOrigin } from "./origin_process.ts";

const STREAMED = 2 ** 30;
const MORE = 7 * STREAMED;
const RANGES = 1000;

/** Runs the races. */
export async function storeOps(): Promise<RaceResult[]> {
  const missed = [...await streamedCopy()];
  const ranges = await rangesTogether();
  return [{ race: "1 GiB streamed", rates: {}, missed }, ranges];
}

/**
 * get → put between two stores, while resident memory is watched: how much the first GiB takes, and whether that is
 * all. Chunks are garbage as soon as they are sent; how much of it stays until it is collected is the engine's
 * decision.
 */
async function streamedCopy(): Promise<string[]> {
  await using origin = await startOrigin();
  const source = new HttpStore(origin.url);
  const sink = new HttpStore(`${origin.url}/sink-store`);
  await copy(source, sink, 2 ** 26); // warm-up
  const before = residentMiB();
  let peak = before;
  const timer = setInterval(() => peak = Math.max(peak, residentMiB()), 20);
  const started = performance.now();
  await copy(source, sink, STREAMED);
  const seconds = (performance.now() - started) / 1000;
  const growth = peak - before;
  const first = peak;
  await copy(source, sink, MORE);
  clearInterval(timer);
  const more = peak - first;
  console.log("\n1 GiB streamed from a get into a put, between two stores");
  console.log(
    `  ${(1024 / seconds).toFixed(0)} MiB/s\n  resident memory grew by ${growth.toFixed(0)} MiB  goal < 64 ${
      growth < 64 ? "reached" : "MISSED"
    }\n  by another ${more.toFixed(0)} MiB in ${MORE / STREAMED} GiB more  goal < 64 ${
      more < 64 ? "reached" : "MISSED"
    }`,
  );
  const told = (what: string, grown: number) =>
    grown < 64 ? [] : [`${what} streamed: memory grew by ${grown.toFixed(0)} MiB, not < 64`];
  return [...told("1 GiB", growth), ...told(`${MORE / STREAMED} GiB more`, more)];
}

async function copy(source: HttpStore, sink: HttpStore, size: number): Promise<void> {
  const { body } = await source.get(`bytes/${size}`);
  await sink.put("copy.bin", body);
}

async function rangesTogether(): Promise<RaceResult> {
  const memory = new MemoryStore();
  const size = 64 * 2 ** 20;
  await memory.put("big", new Uint8Array(size));
  await using server = await serveGateway({ store: memory });
  const store = new HttpStore(server.url);
  const step = Math.floor(size / RANGES);
  const ranges = Array.from({ length: RANGES }, (_, i) => ({ start: i * step, end: i * step + 100 }));
  return await race({
    name: `${RANGES} ranges of 100 B out of 64 MiB`,
    amount: RANGES,
    unit: "range",
    rounds: 5,
    contestants: [
      timed(
        "single requests, 10 at a time",
        () => inParallel(RANGES, 10, (i) => store.getRange("big", ranges[i]!)),
      ),
      timed("getRanges", () => store.getRanges("big", ranges)),
      timed("getRanges, not merged", () => store.getRanges("big", ranges, { coalesce: false })),
    ],
  });
}

/** The server is in this process too, so CPU time would say little. */
function timed(name: string, job: () => Promise<unknown>): Contestant {
  return { name, measure: async () => ({ wall: (await measured(job)).wall }) };
}
