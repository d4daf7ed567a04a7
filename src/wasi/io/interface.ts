/** The interfaces of `wasi:io`. */
import {
  type AbiType,
  bool,
  borrow,
  bytes,
  list,
  own,
  resource,
  result,
  string,
  u32,
  u64,
  variant,
} from "../abi/types.ts";
import { fn, type HostInterface, suspending } from "../host.ts";
import type { Instance } from "../instance.ts";
import { isClosed } from "./error.ts";
import type { IoError } from "./error.ts";
import type { Pollable } from "./poll.ts";
import { clampLength, type InputStream, type OutputStream } from "./streams.ts";

/** `wasi:io/error.error` */
export const ioError = resource<IoError>("wasi:io/error#Error");
/** `wasi:io/poll.pollable` */
export const pollable = resource<Pollable>("wasi:io/poll#Pollable");
/** `wasi:io/streams.input-stream` */
export const inputStream = resource<InputStream>("wasi:io/streams#InputStream");
/** `wasi:io/streams.output-stream` */
export const outputStream = resource<OutputStream>("wasi:io/streams#OutputStream");

/** A value of `stream-error`. */
export type StreamError =
  | { readonly tag: "last-operation-failed"; readonly val: IoError }
  | { readonly tag: "closed" };

/** `wasi:io/streams.stream-error` */
export const streamError: AbiType<StreamError> = variant({
  "last-operation-failed": own(ioError),
  closed: undefined,
});

/** The most that `blocking-write-and-flush` takes, by the WIT. */
const BLOCKING_WRITE_LIMIT = 4096;

/** Writes all of `data`, waiting for room, then waits for the flush. */
async function writeAll(instance: Instance, stream: OutputStream, data: Uint8Array): Promise<void> {
  let at = 0;
  while (at < data.length) {
    const permit = stream.checkWrite();
    if (permit === 0) {
      await instance.ready(stream);
      continue;
    }
    const end = Math.min(data.length, at + permit);
    stream.write(at === 0 && end === data.length ? data : data.subarray(at, end));
    at = end;
  }
  await flushed(instance, stream);
}

/** Flushes and waits. A stream closed only now has taken everything, which counts as success. */
async function flushed(instance: Instance, stream: OutputStream): Promise<void> {
  try {
    stream.flush();
    while (!stream.ready()) await instance.ready(stream);
    stream.checkWrite();
  } catch (error) {
    if (!isClosed(error)) throw error;
  }
}

/** The whole write at once where there is room for it and nothing to wait for. */
function blockingWrite(instance: Instance, stream: OutputStream, data: Uint8Array): void | Promise<void> {
  if (stream.checkWrite() >= data.length) {
    stream.write(data);
    try {
      stream.flush();
    } catch (error) {
      if (!isClosed(error)) throw error;
      return;
    }
    // Fairness is asked for here too: a guest may do nothing but write.
    if (stream.ready()) return instance.ready(stream);
    return flushed(instance, stream);
  }
  return writeAll(instance, stream, data);
}

function splice(target: OutputStream, source: InputStream, length: bigint): bigint {
  const permit = Math.min(target.checkWrite(), clampLength(length));
  if (permit === 0) return 0n;
  const data = source.read(permit);
  if (data.length > 0) target.write(data);
  return BigInt(data.length);
}

/** `wasi:io/error` */
const errorInterface: HostInterface = {
  name: "wasi:io/error",
  resources: ["error"],
  functions: { "[method]error.to-debug-string": fn([borrow(ioError)], string, (_, self) => self.message) },
};

/** `wasi:io/poll` */
const pollInterface: HostInterface = {
  name: "wasi:io/poll",
  resources: ["pollable"],
  functions: {
    "[method]pollable.ready": suspending(
      [borrow(pollable)],
      bool,
      (instance, self) => instance.fairly(() => self.source.ready()),
    ),
    "[method]pollable.block": suspending(
      [borrow(pollable)],
      undefined,
      (instance, self) => instance.ready(self.source),
    ),
    "poll": suspending([list(borrow(pollable))], list(u32), (instance, pollables) => {
      if (pollables.length === 0) throw new TypeError("empty poll list");
      return instance.poll(pollables.map((one) => one.source));
    }),
  },
};

const lengthed = [borrow(inputStream), u64] as const;
const write = [borrow(outputStream), bytes] as const;

/** `wasi:io/streams` */
const streamsInterface: HostInterface = {
  name: "wasi:io/streams",
  resources: ["input-stream", "output-stream"],
  functions: {
    "[method]input-stream.read": suspending(
      lengthed,
      result(bytes, streamError),
      (instance, self, length) => {
        const data = self.read(clampLength(length));
        // A guest that spins on an empty stream would otherwise keep the very data away.
        return data.length > 0 ? data : instance.fairly(() => data);
      },
    ),
    "[method]input-stream.blocking-read": suspending(
      lengthed,
      result(bytes, streamError),
      (instance, self, length) => {
        const wait = instance.ready(self);
        const max = clampLength(length);
        return wait === undefined ? self.read(max) : wait.then(() => self.read(max));
      },
    ),
    "[method]input-stream.skip": suspending(
      lengthed,
      result(u64, streamError),
      (instance, self, length) => {
        const skipped = BigInt(self.skip(clampLength(length)));
        return instance.fairly(() => skipped);
      },
    ),
    "[method]input-stream.blocking-skip": suspending(
      lengthed,
      result(u64, streamError),
      async (instance, self, length) => {
        await instance.ready(self);
        return BigInt(self.skip(clampLength(length)));
      },
    ),
    "[method]input-stream.subscribe": fn(
      [borrow(inputStream)],
      own(pollable),
      (instance, self) => instance.subscribe(self),
    ),
    "[method]output-stream.check-write": suspending(
      [borrow(outputStream)],
      result(u64, streamError),
      (instance, self) => {
        const permit = BigInt(self.checkWrite());
        return permit > 0n ? permit : instance.fairly(() => BigInt(self.checkWrite()));
      },
    ),
    "[method]output-stream.write": fn(
      write,
      result(undefined, streamError),
      (_, self, data) => self.write(data) as undefined,
    ),
    "[method]output-stream.blocking-write-and-flush": suspending(
      write,
      result(undefined, streamError),
      (instance, self, data) => {
        if (data.length > BLOCKING_WRITE_LIMIT) {
          throw new RangeError("Buffer too large for blocking-write-and-flush (expected at most 4096)");
        }
        return blockingWrite(instance, self, data) as undefined;
      },
    ),
    "[method]output-stream.flush": fn(
      [borrow(outputStream)],
      result(undefined, streamError),
      (_, self) => self.flush() as undefined,
    ),
    "[method]output-stream.blocking-flush": suspending(
      [borrow(outputStream)],
      result(undefined, streamError),
      async (instance, self) => {
        self.flush();
        await instance.ready(self);
        self.checkWrite();
        return undefined;
      },
    ),
    "[method]output-stream.subscribe": fn(
      [borrow(outputStream)],
      own(pollable),
      (instance, self) => instance.subscribe(self),
    ),
    "[method]output-stream.write-zeroes": fn(
      [borrow(outputStream), u64],
      result(undefined, streamError),
      (_, self, length) => self.writeZeroes(length) as undefined,
    ),
    "[method]output-stream.blocking-write-zeroes-and-flush": suspending(
      [borrow(outputStream), u64],
      result(undefined, streamError),
      (instance, self, length) => {
        if (length > BigInt(BLOCKING_WRITE_LIMIT)) {
          throw new RangeError(
            "Buffer too large for blocking-write-zeroes-and-flush (expected at most 4096)",
          );
        }
        return blockingWrite(instance, self, new Uint8Array(Number(length))) as undefined;
      },
    ),
    "[method]output-stream.splice": fn(
      [borrow(outputStream), borrow(inputStream), u64],
      result(u64, streamError),
      (_, self, source, length) => splice(self, source, length),
    ),
    "[method]output-stream.blocking-splice": suspending(
      [borrow(outputStream), borrow(inputStream), u64],
      result(u64, streamError),
      async (instance, self, source, length) => {
        if (length === 0n) return 0n;
        await instance.ready(self);
        await instance.ready(source);
        return splice(self, source, length);
      },
    ),
  },
};

/** All of `wasi:io`. */
export const ioInterfaces: readonly HostInterface[] = [errorInterface, pollInterface, streamsInterface];
