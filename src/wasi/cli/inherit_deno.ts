/** Deno's standard streams. */
import type { ProcessStreams } from "./inherit.ts";

const streams = () => [Deno.stdin, Deno.stdout, Deno.stderr] as const;

/** Standard streams of a Deno process. Not worker-backed, nothing is opened or closed. */
export const denoStreams: ProcessStreams = {
  async read() {
    const buffer = new Uint8Array(64 * 1024);
    const size = await Deno.stdin.read(buffer);
    return size === null ? undefined : buffer.subarray(0, size);
  },
  write(fd) {
    const target = fd === 1 ? Deno.stdout : Deno.stderr;
    return async (bytes) => {
      for (let at = 0; at < bytes.length;) at += await target.write(bytes.subarray(at));
    };
  },
  isTerminal: (fd) => streams()[fd].isTerminal(),
};
