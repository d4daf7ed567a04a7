/**
 * Payloads in chunks, `aws-chunked`: each signed as it is sent, beginning with the signature of the request, and with
 * the checksum of all of them after the last. So what cannot be hashed beforehand is signed all the same. Source: AWS
 * "Transferring payload in multiple chunks" and "Including trailing headers".
 */
import { getHeader, type HeaderEntry, type HeaderList } from "../../../http/headers.ts";
import { type ChecksumAlgorithm, checksumHeader } from "../checksum/algorithm.ts";
import { toBase64 } from "../checksum/base64.ts";
import { createChecksum } from "../checksum/checksum.ts";
import type { SignedBody } from "./authorize.ts";
import {
  ALGORITHM,
  amzDate,
  credentialScope,
  EMPTY_PAYLOAD_HASH,
  PAYLOAD_HASH_HEADER,
  type SignOptions,
  UNSIGNED_PAYLOAD,
} from "./canonical.ts";
import { payloadHash } from "./payload_hash.ts";
import { hmacHex, sha256Hex, type SigningKey, signingKey } from "./sigv4.ts";

/** AWS takes any size from 8 KiB on, and recommends 64 KiB. */
const CHUNK = 64 * 1024;
const UTF8 = new TextEncoder();

/** How a payload is protected on its way. */
export interface ChunkedOptions {
  /** Length of the payload in bytes; the stream holds as many. */
  readonly length: number;
  /** Sign the chunks. Otherwise TLS must protect them. */
  readonly signed: boolean;
  /** Checksum to send after the last chunk. */
  readonly checksum?: ChecksumAlgorithm;
  /** Told of the bytes of the payload that were taken from it so far. */
  readonly onProgress?: (transferred: number) => void;
}

/** A payload in chunks, which is sent once. */
export class ChunkedBody implements SignedBody {
  /** The chunks, with their signatures between. */
  readonly stream: ReadableStream<Uint8Array>;
  /**
   * Without chunks, as the service must be told the length in one way or the other: declared, `fetch` of some platforms
   * sends no stream.
   */
  readonly length: number | undefined;
  /** The header lines of the request that go with it; `content-encoding` is put before that of the object. */
  readonly headers: readonly HeaderEntry[];
  /** Why the payload could not be read. */
  failure: { readonly error: unknown } | undefined;
  readonly #options: ChunkedOptions;
  #signer: ChunkSigner | undefined;

  /**
   * Nothing is read before the request is sent. Neither signatures nor a checksum make no chunks: the bytes go out as
   * they are.
   */
  constructor(source: ReadableStream<Uint8Array>, options: ChunkedOptions) {
    this.#options = options;
    const { signed, checksum, length } = options;
    const reader = source.getReader();
    if (!signed && checksum === undefined) {
      this.headers = [[PAYLOAD_HASH_HEADER, UNSIGNED_PAYLOAD]];
      this.length = length;
      this.stream = this.#streamOf(reader, this.#plain(reader));
      return;
    }
    const headers: HeaderEntry[] = [
      [
        PAYLOAD_HASH_HEADER,
        `STREAMING-${signed ? `${ALGORITHM}-PAYLOAD` : UNSIGNED_PAYLOAD}${checksum ? "-TRAILER" : ""}`,
      ],
      ["x-amz-decoded-content-length", `${length}`],
      ["content-encoding", "aws-chunked"],
    ];
    if (checksum !== undefined) headers.push(["x-amz-trailer", checksumHeader(checksum)]);
    this.headers = headers;
    this.stream = this.#streamOf(reader, this.#chunks(reader));
  }

  /** Takes the signature of the request, of which that of the first chunk is made. */
  begin(headers: HeaderList, { credential, date, ...scope }: SignOptions): void {
    const seed = /Signature=([0-9a-f]{64})/.exec(getHeader(headers, "authorization") ?? "")?.[1];
    if (seed === undefined) return;
    const key = signingKey(credential.secretAccessKey, date, scope);
    this.#signer = new ChunkSigner(key, `${amzDate(date)}\n${credentialScope(date, scope)}`, seed);
  }

  /** A stream of what a generator makes of a reader's bytes; giving it up gives the source up. */
  #streamOf(reader: Reader, pieces: AsyncGenerator<Uint8Array, void, undefined>): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        try {
          const { done, value } = await pieces.next();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          this.failure = { error };
          reader.cancel(error).catch(() => {});
          throw error;
        }
      },
      cancel: (reason) => reader.cancel(reason),
    }, { highWaterMark: 0 });
  }

  async *#plain(reader: Reader): AsyncGenerator<Uint8Array, void, undefined> {
    let taken = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
      this.#options.onProgress?.(taken += value.byteLength);
    }
  }

  async *#chunks(reader: Reader): AsyncGenerator<Uint8Array, void, undefined> {
    const { signed, checksum: algorithm, onProgress } = this.#options;
    const signer = signed ? this.#signer : undefined;
    if (signed && signer === undefined) {
      throw new Error("A payload is sent in signed chunks by a request without a signature");
    }
    const checksum = algorithm === undefined ? undefined : createChecksum(algorithm);
    let taken = 0;
    for await (const chunk of rechunked(reader)) {
      checksum?.update(chunk);
      yield await head(chunk, signer);
      yield chunk;
      yield CRLF;
      onProgress?.(taken += chunk.byteLength);
    }
    yield await head(EMPTY, signer);
    if (algorithm !== undefined) {
      const line = `${checksumHeader(algorithm)}:${toBase64(checksum!.digest())}`;
      yield UTF8.encode(`${line}\r\n`);
      if (signer !== undefined) {
        yield UTF8.encode(`${TRAILER_SIGNATURE}:${signer.signTrailer(`${line}\n`)}\r\n`);
      }
    }
    yield CRLF;
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

const EMPTY = new Uint8Array(0);
const CRLF = UTF8.encode("\r\n");
const TRAILER_SIGNATURE = "x-amz-trailer-signature";

/** The line before a chunk. */
async function head(chunk: Uint8Array, signer: ChunkSigner | undefined): Promise<Uint8Array> {
  const size = chunk.byteLength.toString(16);
  if (signer === undefined) return UTF8.encode(`${size}\r\n`);
  return UTF8.encode(`${size}${CHUNK_SIGNATURE}${await signer.signChunk(chunk)}\r\n`);
}

const CHUNK_SIGNATURE = ";chunk-signature=";

/** Signs chunks, each over the one before. */
class ChunkSigner {
  readonly #key: SigningKey;
  /** Timestamp and scope, as they stand in what is signed. */
  readonly #scope: string;
  #previous: string;

  constructor(key: SigningKey, scope: string, seed: string) {
    this.#key = key;
    this.#scope = scope;
    this.#previous = seed;
  }

  async signChunk(chunk: Uint8Array): Promise<string> {
    const hash = await payloadHash([chunk], chunk.byteLength);
    return this.#sign("PAYLOAD", `${EMPTY_PAYLOAD_HASH}\n${hash}`);
  }

  signTrailer(lines: string): string {
    return this.#sign("TRAILER", sha256Hex(UTF8.encode(lines)));
  }

  #sign(kind: "PAYLOAD" | "TRAILER", hashes: string): string {
    const text = `${ALGORITHM}-${kind}\n${this.#scope}\n${this.#previous}\n${hashes}`;
    return this.#previous = hmacHex(this.#key, text);
  }
}

/** The bytes of a stream in pieces of one size, but the last. */
async function* rechunked(reader: Reader): AsyncGenerator<Uint8Array, void, undefined> {
  let buffer = new Uint8Array(CHUNK);
  let filled = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    let piece = value;
    while (piece.byteLength > 0) {
      // Copied in any case: what was given belongs to whoever made the stream.
      const part = piece.subarray(0, CHUNK - filled);
      buffer.set(part, filled);
      filled += part.byteLength;
      piece = piece.subarray(part.byteLength);
      if (filled < CHUNK) continue;
      yield buffer;
      // The one handed out may still be on its way.
      buffer = new Uint8Array(CHUNK);
      filled = 0;
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}
