/** Payloads of puts, normalised to one of two forms: chunks in memory, or a stream. */
import { collect, concatBytes } from "./collect.ts";
import { GenericError, type ObjectStoreErrorOptions, toStoreError } from "./error.ts";
import { wrapStream } from "./stream.ts";
import type { OperationOptions, PutPayload } from "./types.ts";

/** A payload in memory, which can be sent again. The chunks are the caller's: do not keep them after the put. */
export interface ChunkPayload {
  /** Which of the two it is. */
  readonly kind: "chunks";
  /** The bytes, back to back. */
  readonly chunks: readonly Uint8Array[];
  /** Length of all chunks in bytes. */
  readonly length: number;
}

/** A payload that is read as it comes. */
export interface StreamPayload {
  /** Which of the two it is. */
  readonly kind: "stream";
  /** The bytes, read once. */
  readonly stream: ReadableStream<Uint8Array>;
  /** Length in bytes, where known: a `Blob`, or what the caller said. */
  readonly length?: number;
  /** Opens the same bytes again, where that can be done (a `Blob`). */
  readonly reopen?: () => ReadableStream<Uint8Array>;
}

/** A normalised {@linkcode PutPayload}. */
export type Payload = ChunkPayload | StreamPayload;

const UTF8 = new TextEncoder();

/**
 * Normalises what a caller puts. Nothing is copied or read. `size` is the length of a stream that the caller knows.
 *
 * @throws {GenericError} for something that cannot be put.
 */
export function toPayload(
  payload: PutPayload,
  context: ObjectStoreErrorOptions = { store: "Payload" },
  size?: number,
): Payload {
  if (typeof payload === "string") return inMemory([UTF8.encode(payload)]);
  if (payload instanceof Uint8Array) return inMemory([payload]);
  if (payload instanceof ReadableStream) {
    const stream = size === undefined ? payload : ofLength(payload, size, context);
    return { kind: "stream", stream, length: size };
  }
  if (payload instanceof Blob) {
    return {
      kind: "stream",
      stream: payload.stream(),
      length: payload.size,
      reopen: () => payload.stream(),
    };
  }
  if (Array.isArray(payload) && payload.every((chunk) => chunk instanceof Uint8Array)) {
    return inMemory(payload);
  }
  const given = payload === null
    ? "null"
    : Array.isArray(payload)
    ? "a list of other things"
    : typeof payload;
  throw new GenericError(
    `Cannot put a payload of type "${given}": give a Uint8Array, a list of them, a string, a Blob or a stream of bytes`,
    context,
  );
}

/**
 * All bytes of a payload in a buffer of its own: later changes by the caller do not reach it.
 *
 * @throws {GenericError} when the caller's stream fails, with its error as the cause; the signal's reason on abort.
 */
export async function readPayload(
  payload: Payload,
  options: Pick<OperationOptions, "signal"> = {},
  context: ObjectStoreErrorOptions = { store: "Payload" },
): Promise<Uint8Array<ArrayBuffer>> {
  if (payload.kind === "chunks") return concatBytes(payload.chunks, payload.length);
  try {
    const bytes = await collect(payload.stream, { size: payload.length, signal: options.signal });
    // A single chunk is handed over as it is, and belongs to whoever made the stream.
    return bytes.slice();
  } catch (error) {
    options.signal?.throwIfAborted();
    throw toStoreError(error, "Cannot read the payload", context);
  }
}

/** Discards a payload: a stream that will not be read is cancelled, so that its source can release what it holds. */
export async function cancelPayload(payload: Payload, reason: unknown): Promise<void> {
  if (payload.kind === "stream" && !payload.stream.locked) {
    await payload.stream.cancel(reason).catch(() => {});
  }
}

/** Holds a stream to the length its owner gave, so that no store writes an object of another. */
function ofLength(
  source: ReadableStream<Uint8Array>,
  size: number,
  context: ObjectStoreErrorOptions,
): ReadableStream<Uint8Array> {
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new GenericError(`Cannot put a stream of size ${size}: a length in bytes is needed`, context);
  }
  let seen = 0;
  return wrapStream(source, {
    chunk: (chunk) => {
      seen += chunk.byteLength;
      if (seen > size) throw new GenericError(`Cannot put a stream of size ${size}: it is longer`, context);
    },
    flush: () => {
      if (seen < size) {
        throw new GenericError(`Cannot put a stream of size ${size}: it ended at ${seen}`, context);
      }
    },
  });
}

function inMemory(chunks: readonly Uint8Array[]): ChunkPayload {
  return {
    kind: "chunks",
    chunks,
    length: chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0),
  };
}
