/** Drives one soak: a server in a process of its own, clients here, samples between, and a verdict. */
import { type ClientOptions, Clients, type Tally } from "./clients.ts";
import type { SoakSample, SoakServerOptions } from "./server.ts";

/** What to run. */
export interface SoakOptions extends Omit<ClientOptions, "port">, SoakServerOptions {
  /** Milliseconds between samples. */
  readonly interval: number;
  /** Told of each sample. */
  readonly onSample?: (sample: SoakSample, tally: Tally, elapsed: number) => void;
}

/** What came of a soak. */
export interface SoakResult {
  readonly tally: Tally;
  readonly samples: readonly SoakSample[];
  /** Before the first client came, and after the last one had gone. */
  readonly before: SoakSample;
  readonly after: SoakSample;
  /** Milliseconds. */
  readonly duration: number;
  /** What is wrong; nothing where all is well. */
  readonly faults: readonly string[];
}

/** Samples that may be taken before a run is warm, as a share of all. */
const WARM_UP = 0.3;
/** Share of samples at the end that are compared with those after the warm-up. */
const LAST = 0.3;
/** Growth of memory that is noise: engines collect when they like. */
const SLACK_SHARE = 0.1;
const SLACK_BYTES = 48 * 1024 * 1024;
/** Handles that may be open at the end besides those at the beginning. */
const SLACK_HANDLES = 8;
/** Milliseconds that the server has to notice that all clients have gone. */
const SETTLE = 20_000;

/** Runs a soak. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { guest, serve, listener, interval, onSample, ...clientOptions } = options;
  await using server = await startServer({ guest, serve, listener });
  const before = await server.sample();
  const clients = new Clients({ ...clientOptions, port: server.port });
  const samples: SoakSample[] = [];
  const started = performance.now();
  let over = false;
  const finished = clients.run().finally(() => over = true);
  while (!over) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([finished, new Promise((resolve) => timer = setTimeout(resolve, interval))]);
    clearTimeout(timer);
    const sample = await server.sample();
    samples.push(sample);
    onSample?.(sample, clients.tally, performance.now() - started);
  }
  await finished;
  const duration = performance.now() - started;
  const after = await settled(server, before);
  const { tally } = clients;
  return {
    tally,
    samples,
    before,
    after,
    duration,
    faults: faultsOf(options, tally, samples, before, after),
  };
}

/** The last sample: when all is over and closed, or should be. */
async function settled(server: SoakServer, before: SoakSample): Promise<SoakSample> {
  const late = performance.now() + SETTLE;
  for (;;) {
    const sample = await server.sample();
    const over = sample.stats.inFlight === 0 && sample.fds <= before.fds + SLACK_HANDLES;
    if (over || performance.now() > late) return sample;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function faultsOf(
  { requests, connections, slowReaders }: SoakOptions,
  tally: Tally,
  samples: readonly SoakSample[],
  before: SoakSample,
  after: SoakSample,
): string[] {
  const faults: string[] = [];
  const { whole, dropped, trapped, wrong, complaints } = tally;
  if (wrong > 0) faults.push(`${wrong} answers were wrong: ${complaints.join("; ")}`);
  if (whole + dropped + trapped + wrong < requests) faults.push("Not all requests were made");
  const { inFlight, queued } = after.stats;
  if (inFlight + queued > 0) faults.push(`${inFlight} requests are under way, ${queued} wait, for nobody`);
  if (after.fds > before.fds + SLACK_HANDLES) {
    faults.push(`${after.fds} handles are open; it began with ${before.fds}`);
  }
  const warm = samples.slice(Math.floor(samples.length * WARM_UP));
  const last = warm.slice(-Math.max(1, Math.floor(samples.length * LAST)));
  const first = warm.slice(0, last.length);
  if (warm.length >= 4) {
    const [from, to] = [median(first.map(({ rss }) => rss)), median(last.map(({ rss }) => rss))];
    if (to > from * (1 + SLACK_SHARE) + SLACK_BYTES) {
      faults.push(`Memory grew from ${mib(from)} to ${mib(to)} MiB after the warm-up`);
    }
    const most = Math.max(...last.map(({ fds }) => fds));
    if (most > before.fds + 2 * (connections + slowReaders) + SLACK_HANDLES) {
      faults.push(`${most} handles were open for ${connections + slowReaders} clients`);
    }
  }
  return faults;
}

/** In MiB, rounded. */
export function mib(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

interface SoakServer extends AsyncDisposable {
  readonly port: number;
  sample(): Promise<SoakSample>;
}

async function startServer(options: SoakServerOptions): Promise<SoakServer> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL("server.ts", import.meta.url).href, JSON.stringify(options)],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(lineStream()).getReader();
  const input = child.stdin.getWriter();
  const next = async <T>(): Promise<T> => {
    const { done, value } = await lines.read();
    if (done) throw new Error("The server has ended");
    return JSON.parse(value) as T;
  };
  const { port } = await next<{ port: number }>();
  return {
    port,
    async sample() {
      await input.write(new Uint8Array([10]));
      return await next<SoakSample>();
    },
    async [Symbol.asyncDispose]() {
      await input.close().catch(() => {});
      await lines.cancel();
      await child.status;
    },
  };
}

function lineStream(): TransformStream<string, string> {
  let rest = "";
  return new TransformStream({
    transform(text, controller) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) controller.enqueue(line);
    },
  });
}
