/** What stores do beyond single requests: streaming copies in bounded memory, ranges fetched together. */
import { serveGateway } from "../../src/gateway/mod.ts";
import { HttpStore } from "../../src/stores/http/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";
import { inParallel, race, type RaceResult, residentMiB } from "./harness.ts";
import { startOrigin } from "./origin_process.ts";

const STREAMED = 2 ** 30;
const RANGES = 1000;

/** Runs the races. */
export async function storeOps(): Promise<RaceResult[]> {
  const missed = [...await streamedCopy()];
  const ranges = await rangesTogether();
  return [{ race: "1 GiB streamed", rates: {}, missed }, ranges];
}

/** get → put between two stores, while resident memory is watched. */
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
  clearInterval(timer);
  const seconds = (performance.now() - started) / 1000;
  const growth = peak - before;
  console.log("\n1 GiB streamed from a get into a put, between two stores");
  console.log(
    `  ${(1024 / seconds).toFixed(0)} MiB/s, resident memory grew by ${growth.toFixed(0)} MiB (target < 64)`,
  );
  return growth < 64 ? [] : [`1 GiB streamed: memory grew by ${growth.toFixed(0)} MiB, not < 64`];
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
      {
        name: "single requests, 10 at a time",
        run: () => inParallel(RANGES, 10, (i) => store.getRange("big", ranges[i]!)),
      },
      { name: "getRanges", run: () => store.getRanges("big", ranges) },
      { name: "getRanges, not merged", run: () => store.getRanges("big", ranges, { coalesce: false }) },
    ],
  });
}
