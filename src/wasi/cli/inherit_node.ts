/** Node's standard streams (and Bun's). */
import process from "node:process";
import type { ProcessStreams } from "./inherit.ts";

/** One iterator for the whole process: a second one would end the stream. */
let input: AsyncIterator<Uint8Array> | undefined;

/** Standard streams of a Node process. */
export const nodeStreams: ProcessStreams = {
  async read() {
    input ??= process.stdin[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    const { done, value } = await input.next();
    return done ? undefined : value;
  },
  write(fd) {
    const target = fd === 1 ? process.stdout : process.stderr;
    return (bytes) =>
      new Promise((resolve, reject) => {
        // A broken pipe is told to the callback and, once more, as an event that would end the process.
        const ignore = () => {};
        target.once("error", ignore);
        target.write(bytes, (error) => {
          target.removeListener("error", ignore);
          if (error) reject(error);
          else resolve();
        });
      });
  },
  isTerminal: (fd) => [process.stdin, process.stdout, process.stderr][fd]!.isTTY === true,
};
