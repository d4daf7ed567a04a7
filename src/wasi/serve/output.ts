/** Merges the output of many instances. */
import { processStreams } from "../cli/inherit.ts";
import type { ByteWriter } from "../cli/sink.ts";
import type { GuestOutput } from "../options.ts";
import type { ServeOutput } from "./options.ts";

/** One place that many instances write to. */
export interface SharedOutput {
  /** What the instance with this number is given. */
  forInstance(number: number): GuestOutput | ByteWriter;
  /** Writes what an instance elsewhere wrote. */
  write(number: number, bytes: Uint8Array): Promise<void> | void;
  /** Lets go of a stream. */
  release(): void;
}

/** The outputs of all instances of a server. */
export type SharedOutputs = Readonly<Record<"stdout" | "stderr", SharedOutput>>;

/** The place that `target` names, for descriptor `fd`. */
export function sharedOutput(target: ServeOutput = "ignore", fd: 1 | 2, prefix: boolean): SharedOutput {
  if (target === "ignore") return { forInstance: () => "ignore", write: () => {}, release: () => {} };
  const writer = typeof target === "string" ? undefined : target.getWriter();
  writer?.closed.catch(() => {}); // a broken stream is told by its writes
  let inherited: Promise<ByteWriter> | undefined;
  const raw: ByteWriter = writer === undefined
    ? async (bytes) =>
      await (await (inherited ??= processStreams().then((streams) => streams.write(fd))))(bytes)
    : (bytes) => writer.write(bytes);
  const prefixes = new Map<number, LinePrefix>();
  const write = (number: number, bytes: Uint8Array) => {
    if (!prefix) return raw(bytes);
    let lines = prefixes.get(number);
    if (lines === undefined) {
      prefixes.set(number, lines = new LinePrefix(`${fd === 1 ? "stdout" : "stderr"} [${number}] :: `));
      if (prefixes.size > MOST_PREFIXES) prefixes.delete(prefixes.keys().next().value!);
    }
    return raw(lines.apply(bytes));
  };
  return {
    forInstance: (number) => target === "inherit" && !prefix ? "inherit" : (bytes) => write(number, bytes),
    write,
    release: () => writer?.releaseLock(),
  };
}

/** Instances whose place in a line is remembered. */
const MOST_PREFIXES = 10_000;
const NEWLINE = 10;

/** Puts a text before every line, also before those that come in several writes. */
export class LinePrefix {
  readonly #prefix: Uint8Array;
  #atStart = true;

  /** With that text. */
  constructor(prefix: string) {
    this.#prefix = new TextEncoder().encode(prefix);
  }

  /** The bytes with the text in its places. */
  apply(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const starts: number[] = [];
    for (let at = 0; at < bytes.length; at++) {
      if (this.#atStart) starts.push(at);
      this.#atStart = bytes[at] === NEWLINE;
    }
    const whole = new Uint8Array(bytes.length + starts.length * this.#prefix.length);
    let to = 0;
    let from = 0;
    for (const start of [...starts, bytes.length]) {
      whole.set(bytes.subarray(from, start), to);
      to += start - from;
      from = start;
      if (start < bytes.length) {
        whole.set(this.#prefix, to);
        to += this.#prefix.length;
      }
    }
    return whole;
  }
}
