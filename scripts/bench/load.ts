/** Load on a server, made by `wrk`: a program of its own, which a server in JavaScript cannot keep busy. */
import { debianProgram } from "../../tests/runtimes/install.ts";

/** What a server stood. */
export interface Load {
  /** Answers a second. */
  readonly rate: number;
  /** Milliseconds until the answer, in the middle. */
  readonly median: number;
  /** Milliseconds until the answer, of the slowest hundredth. */
  readonly p99: number;
  /** Answers that were none: connections cut, timeouts, statuses from 400 on. */
  readonly failed: number;
}

/** One load. */
export interface LoadOptions {
  /** Connections, each of which sends a request when the last was answered. */
  readonly connections: number;
  /** How long. */
  readonly seconds: number;
  /** Bytes that are sent with POST; GET without. */
  readonly post?: number;
}

/** Sends load to a URL. */
export type LoadMaker = (url: string, options: LoadOptions) => Promise<Load>;

/** `wrk`, installed where it is missing; `undefined` where that cannot be done. It runs on the cores named. */
export async function loadMaker(cores: string | undefined): Promise<LoadMaker | undefined> {
  const wrk = await debianProgram("wrk");
  if (wrk === undefined) return undefined;
  return async (url, { connections, seconds, post }) => {
    const script = await Deno.makeTempFile({ suffix: ".lua" });
    try {
      await Deno.writeTextFile(script, lua(post));
      const command = [
        wrk,
        "-t1",
        `-c${connections}`,
        `-d${seconds}s`,
        "--timeout",
        "10s",
        "-s",
        script,
        url,
      ];
      const [program, ...args] = cores === undefined ? command : ["taskset", "-c", cores, ...command];
      const { success, stdout, stderr } = await new Deno.Command(program!, { args, stdin: "null" }).output();
      const text = new TextDecoder().decode(stdout);
      const told = /^RESULT (.*)$/m.exec(text);
      if (!success || told === null) {
        throw new Error(`wrk failed at ${url}:\n${text}${new TextDecoder().decode(stderr)}`);
      }
      const [requests, micros, median, p99, failed] = told[1]!.split(" ").map(Number) as Numbers;
      return {
        rate: (requests - failed) / (micros / 1e6),
        median: median / 1000,
        p99: p99 / 1000,
        failed,
      };
    } finally {
      await Deno.remove(script);
    }
  };
}

type Numbers = [requests: number, micros: number, median: number, p99: number, failed: number];

/** The request, and the figures on one line that needs no guessing at units. */
function lua(post: number | undefined): string {
  const request = post === undefined ? "" : `wrk.method = "POST"\nwrk.body = string.rep("x", ${post})\n`;
  return `${request}
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
`;
}
