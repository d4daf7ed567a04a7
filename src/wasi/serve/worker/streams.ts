/** The standard streams of a command that runs in a worker, on the thread that started it. */
import { concatBytes } from "../../../store/concat.ts";
import { processStreams } from "../../cli/inherit.ts";
import type { GuestInput, GuestOptions, GuestOutput } from "../../options.ts";

/** Standard input, output and error. */
export interface Streams {
  readonly input: Input;
  readonly outputs: Readonly<Record<1 | 2, Output>>;
  /** Lets go of the caller's streams. */
  release(): void;
}

/**
 * Opens what the options name.
 *
 * @throws {TypeError} for a stream that is in use; none is held then.
 */
export function openStreams({ stdin, stdout, stderr }: GuestOptions): Streams {
  const opened: { release(): void }[] = [];
  const open = <T extends { release(): void }>(one: T): T => {
    opened.push(one);
    return one;
  };
  const release = () => {
    for (const one of opened) one.release();
  };
  try {
    const outputs = { 1: open(openOutput(stdout, 1)), 2: open(openOutput(stderr, 2)) };
    return { outputs, input: open(openInput(stdin)), release };
  } catch (error) {
    release();
    throw error;
  }
}

/** Where an output goes. */
export interface Output {
  /** Whether anybody takes it. */
  readonly wanted: boolean;
  /** Resolves when the bytes have been taken; never rejects. */
  write(bytes: Uint8Array): Promise<void>;
  /** What was written, where it is `"pipe"`. */
  collected(): Uint8Array;
  /** Lets go of the caller's stream. */
  release(): void;
}

function openOutput(target: GuestOutput = "ignore", fd: 1 | 2): Output {
  const pieces: Uint8Array[] = [];
  const writer = target instanceof WritableStream ? target.getWriter() : undefined;
  writer?.closed.catch(() => {});
  let broken = false;
  return {
    wanted: target !== "ignore",
    async write(bytes) {
      if (broken) return;
      try {
        if (target === "pipe") pieces.push(bytes);
        else if (writer !== undefined) await writer.write(bytes);
        else await (await processStreams()).write(fd)(bytes);
      } catch {
        broken = true; // nobody reads any more; the guest goes on
      }
    },
    collected: () => concatBytes(pieces),
    release: () => writer?.releaseLock(),
  };
}

/** Where input comes from. */
export interface Input {
  /** The next bytes; `undefined` at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** Lets go of the caller's stream. */
  release(): void;
}

function openInput(source: GuestInput | undefined): Input {
  if (source === "inherit") {
    return { read: async () => await (await processStreams()).read(), release: () => {} };
  }
  if (source instanceof ReadableStream) {
    const reader = source.getReader();
    return { read: async () => (await reader.read()).value, release: () => reader.releaseLock() };
  }
  let left = typeof source === "string" ? new TextEncoder().encode(source) : source;
  return {
    read() {
      const bytes = left;
      left = undefined;
      return Promise.resolve(bytes);
    },
    release: () => {},
  };
}
