/** The process of Deno, Node and Bun, through `node:process`. */
import { stat } from "node:fs/promises";
import { resolve, sep } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { BrokenPipe, type OutputStream, type Runtime } from "./runtime.ts";

/** The process that this program runs in. */
export function processRuntime(): Runtime {
  return {
    args: process.argv.slice(2),
    stdout: output(process.stdout, "standard output"),
    stderr: output(process.stderr, "standard error"),
    stdin,
    environment: (name) => process.env[name],
    fileUrl(path) {
      const url = pathToFileURL(resolve(path));
      // Resolving takes a slash off the end, which says "directory".
      if ((path.endsWith("/") || path.endsWith(sep)) && !url.pathname.endsWith("/")) url.pathname += "/";
      return url;
    },
    async isDirectory(url) {
      try {
        return (await stat(url)).isDirectory();
      } catch {
        return false;
      }
    },
    // The first process of a container is not ended by signals that it does not listen to.
    systemInterrupts: process.pid !== 1,
    onInterrupt(listener) {
      process.on("SIGINT", listener);
      process.on("SIGTERM", listener);
      return () => {
        process.off("SIGINT", listener);
        process.off("SIGTERM", listener);
      };
    },
  };
}

function output(stream: NodeJS.WriteStream, name: string): OutputStream {
  // Failures are told to the callback of the write; without a listener they would end the process.
  stream.on("error", () => {});
  return {
    get isTerminal() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns ?? 80;
    },
    write: (data) =>
      new Promise<void>((done, fail) => {
        // Deno throws where output goes to a file, Node calls back.
        stream.write(data, (error) => error ? fail(error) : done());
      }).catch((error) => {
        if (isBrokenPipe(error)) throw new BrokenPipe("Nobody reads the output", { cause: error });
        throw new Error(`Cannot write to ${name}: ${error.message}`, { cause: error });
      }),
  };
}

function isBrokenPipe(error: Error & { code?: string }): boolean {
  // Deno's own errors have a name and no code.
  return error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED" || error.name === "BrokenPipe";
}

function stdin(): ReadableStream<Uint8Array> {
  const chunks = process.stdin[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    },
    async cancel() {
      process.stdin.destroy();
      await Promise.resolve();
    },
  }, { highWaterMark: 0 });
}
