/** Uploads in parts as stores hand them out: in sequence, by id, and taken up again. */
import { GenericError } from "../../../store/error.ts";
import type { PartId } from "../../../store/capabilities.ts";
import { SequencedUpload, type UploadPart, type UploadSteps } from "../../../store/multipart.ts";
import type { Path } from "../../../store/path.ts";
import type {
  MultipartUpload,
  OperationOptions,
  PutMode,
  PutMultipartOptions,
  PutResult,
} from "../../../store/types.ts";
import type { S3Client } from "../client.ts";
import { STORE } from "../core.ts";
import { requireComplete } from "../endpoint/conditional_writes.ts";
import { createMarker } from "../put/marker.ts";
import {
  abortUpload,
  completeUpload,
  createUpload,
  listParts,
  MAX_PARTS,
  type StoredPart,
  uploadPart,
} from "./uploads.ts";

/** An upload, and what its parts were before. */
export interface UploadStart {
  readonly id: string;
  readonly mode: PutMode;
  /** How the object is known again, where the mode is a condition. */
  readonly marker?: string;
  /** Parts stored by an earlier program. */
  readonly parts?: readonly StoredPart[];
}

/** A {@linkcode MultipartUpload} of S3. */
export function sequencedUpload(client: S3Client, path: Path, start: UploadStart): MultipartUpload {
  return new SequencedUpload(new S3Upload(client, path, start), { store: STORE, path });
}

/** Begins an upload. */
export async function beginUpload(
  client: S3Client,
  path: Path,
  options: PutMultipartOptions,
): Promise<MultipartUpload> {
  return sequencedUpload(client, path, await begin(client, path, options));
}

/** Begins an upload that callers keep by its id. */
export async function beginByHandle(
  client: S3Client,
  path: Path,
  options: PutMultipartOptions,
): Promise<string> {
  return uploadHandle(await begin(client, path, options));
}

async function begin(client: S3Client, path: Path, options: PutMultipartOptions): Promise<UploadStart> {
  const { mode = "overwrite" } = options;
  requireComplete(client, path, mode);
  const marker = mode === "overwrite" ? undefined : createMarker();
  return { id: await createUpload(client, path, { ...options, marker }), mode, marker };
}

/** Stores a part of an upload that is kept by its id; `index` counts from 0. */
export async function putPartByHandle(
  client: S3Client,
  path: Path,
  handle: string,
  index: number,
  chunks: readonly Uint8Array[],
  options: OperationOptions,
): Promise<PartId> {
  const { id } = parseUploadHandle(handle, path);
  return partId(await uploadPart(client, path, id, index + 1, chunks, options));
}

/** Completes such an upload. */
export async function completeByHandle(
  client: S3Client,
  path: Path,
  handle: string,
  parts: readonly PartId[],
  options: OperationOptions,
): Promise<PutResult> {
  const start = parseUploadHandle(handle, path);
  const stored = parts.map((part, i) => parsePartId(part, i + 1, path));
  if (stored.length === 0) stored.push(await uploadPart(client, path, start.id, 1, [], options));
  return await completeUpload(client, path, { ...start, parts: stored }, options);
}

/** Aborts such an upload. */
export async function abortByHandle(
  client: S3Client,
  path: Path,
  handle: string,
  options: OperationOptions,
): Promise<void> {
  await abortUpload(client, path, parseUploadHandle(handle, path).id, options);
}

/** A part that the service has, for callers. */
export interface ListedPart extends PartId {
  /** From 0. */
  readonly index: number;
  /** In bytes, where the service says. */
  readonly size?: number;
}

/** The parts that the service has of such an upload. */
export async function* partsByHandle(
  client: S3Client,
  path: Path,
  handle: string,
  options: OperationOptions,
): AsyncGenerator<ListedPart, void, undefined> {
  for await (const part of listParts(client, path, parseUploadHandle(handle, path).id, options)) {
    yield { ...partId(part), index: part.number - 1, size: part.size };
  }
}

class S3Upload implements UploadSteps<readonly StoredPart[]> {
  readonly #client: S3Client;
  readonly #path: Path;
  readonly #start: UploadStart;
  readonly #before: readonly StoredPart[];
  /** Size of all parts but the last, where the service wants them equal. */
  #size: number | undefined;

  constructor(client: S3Client, path: Path, start: UploadStart) {
    this.#client = client;
    this.#path = path;
    this.#start = start;
    this.#before = start.parts ?? [];
    this.#size = this.#before[0]?.size;
  }

  async uploadPart({ index, offset, chunks, length, options }: UploadPart): Promise<readonly StoredPart[]> {
    // Before the first await: parts are added in the order of their bytes.
    const pieces = this.#client.provider.equalParts
      ? this.#equalPieces(offset, chunks, length)
      : [{ number: this.#before.length + index + 1, chunks }];
    const done: StoredPart[] = [];
    for (const { number, chunks } of pieces) {
      if (number > MAX_PARTS) {
        throw new GenericError(
          `Cannot upload part ${number} of "${this.#path}": an upload has at most ${MAX_PARTS}; begin with larger parts`,
          { store: STORE, path: this.#path },
        );
      }
      done.push(await uploadPart(this.#client, this.#path, this.#start.id, number, chunks, options));
    }
    return done;
  }

  async complete(parts: readonly (readonly StoredPart[])[], options: OperationOptions): Promise<PutResult> {
    const { id } = this.#start;
    const all = [...this.#before, ...parts.flat()];
    // An upload without parts cannot be completed, but one with an empty part can.
    if (all.length === 0) all.push(await uploadPart(this.#client, this.#path, id, 1, [], options));
    return await completeUpload(this.#client, this.#path, { ...this.#start, parts: all }, options);
  }

  async abort(options: OperationOptions): Promise<void> {
    await abortUpload(this.#client, this.#path, this.#start.id, options);
  }

  /** What was given as one part, cut into parts of the first one's size: a writer's grow, this service's must not. */
  #equalPieces(
    offset: number,
    chunks: readonly Uint8Array[],
    length: number,
  ): { number: number; chunks: readonly Uint8Array[] }[] {
    const size = this.#size ??= length;
    const first = this.#before.length + 1;
    if (size === 0 || offset % size !== 0) {
      throw new GenericError(
        `Cannot upload a part of "${this.#path}": this service wants all parts but the last of one size, which is ${size}`,
        { store: STORE, path: this.#path },
      );
    }
    const count = Math.max(1, Math.ceil(length / size));
    if (count === 1) return [{ number: first + offset / size, chunks }];
    return Array.from({ length: count }, (_, i) => ({
      number: first + offset / size + i,
      chunks: sliceChunks(chunks, i * size, Math.min(length, (i + 1) * size)),
    }));
  }
}

/** The bytes from `start` to `end` of chunks back to back; nothing is copied. */
export function sliceChunks(chunks: readonly Uint8Array[], start: number, end: number): Uint8Array[] {
  const slice: Uint8Array[] = [];
  let at = 0;
  for (const chunk of chunks) {
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, chunk.byteLength);
    if (from < to) slice.push(chunk.subarray(from, to));
    at += chunk.byteLength;
  }
  return slice;
}

/** The id of an upload as callers keep it: with its mode and marker, which must be known when it is completed. */
export function uploadHandle({ id, mode, marker }: UploadStart): string {
  if (mode === "overwrite") return id;
  const condition = mode === "create" ? "create" : `update=${encodeURIComponent(mode.update.eTag ?? "")}`;
  return `${id}?${condition}${marker === undefined ? "" : `&put=${marker}`}`;
}

/** What a handle stands for; the plain upload id of any program is one. */
export function parseUploadHandle(handle: string, path: Path): UploadStart {
  const parts = /^([^?]+)(?:\?(create|update=([^&?]*))(?:&put=([0-9a-f]+))?)?$/.exec(handle);
  if (parts === null) throw badHandle(path);
  const [, id = "", condition, eTag = "", marker] = parts;
  if (condition === undefined) return { id, mode: "overwrite" };
  const mode = condition === "create" ? condition : { update: { eTag: decodeURIComponent(eTag) } };
  return { id, mode, marker };
}

function badHandle(path: Path): GenericError {
  return new GenericError(
    `Cannot go on with the upload of "${path}": its id is none that this store has given`,
    {
      store: STORE,
      path,
    },
  );
}

/** A stored part as callers keep it: its ETag, and with a checksum what completing needs. */
export function partId({ eTag, checksum, size }: StoredPart): PartId {
  return { contentId: checksum === undefined ? eTag : JSON.stringify({ eTag, checksum, size }) };
}

/** What a part id stands for; a plain ETag is one. */
export function parsePartId({ contentId }: PartId, number: number, path: Path): StoredPart {
  if (!contentId.startsWith("{")) return { number, eTag: contentId };
  try {
    const { eTag, checksum, size } = JSON.parse(contentId) as StoredPart;
    if (typeof eTag === "string") return { number, eTag, checksum, size };
  } catch {
    // Told below.
  }
  throw new GenericError(
    `Cannot complete the upload of "${path}": the id of part ${number} is none that this store has given`,
    {
      store: STORE,
      path,
    },
  );
}

/** An upload that was started earlier, perhaps by another program. */
export interface ResumedUpload {
  /** Takes further parts, after those that are stored. */
  readonly upload: MultipartUpload;
  /** Bytes stored: the caller goes on from there. */
  readonly bytes: number;
}

/** Takes up an upload: its parts without a gap from the first on are kept, later ones are stored again. */
export async function resumeUpload(
  client: S3Client,
  path: Path,
  handle: string,
  options: OperationOptions,
): Promise<ResumedUpload> {
  const start = parseUploadHandle(handle, path);
  const parts: StoredPart[] = [];
  let bytes = 0;
  for await (const part of listParts(client, path, start.id, options)) {
    if (part.number !== parts.length + 1 || part.size === undefined) break;
    parts.push(part);
    bytes += part.size;
  }
  return { upload: sequencedUpload(client, path, { ...start, parts }), bytes };
}
