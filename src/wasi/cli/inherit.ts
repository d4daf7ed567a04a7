/** The process's own standard streams, on whatever platform this is. */
import { NotSupportedError } from "../../store/error.ts";
import { hasNode } from "../platform.ts";
import type { ByteWriter } from "./sink.ts";
import type { ByteReader } from "./source.ts";

/** The process's standard streams. */
export interface ProcessStreams {
  /** Standard input. */
  readonly read: ByteReader;
  /** Standard output (1) or error (2). */
  write(fd: 1 | 2): ByteWriter;
  /** Whether it is a terminal. */
  isTerminal(fd: 0 | 1 | 2): boolean;
}

/** Loads what suits the platform. */
export async function processStreams(): Promise<ProcessStreams> {
  if ("Deno" in globalThis) return (await import("./inherit_deno.ts")).denoStreams;
  if (hasNode()) return (await import("./inherit_node.ts")).nodeStreams;
  throw new NotSupportedError(
    'Cannot inherit standard streams: there is no process here. Pass a stream, "pipe" or "ignore"',
    { store: "WASI" },
  );
}
