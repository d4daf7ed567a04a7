/** The requests of uploads in parts. Source: S3 API reference. */
import { md5 } from "@noble/hashes/legacy.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { getHeader, type HeaderEntry } from "../../../http/headers.ts";
import type { RetryState } from "../../../http/retry/state.ts";
import {
  AlreadyExistsError,
  GenericError,
  NotFoundError,
  type ObjectStoreError,
  PreconditionError,
} from "../../../store/error.ts";
import type { Path } from "../../../store/path.ts";
import type { OperationOptions, PutMode, PutMultipartOptions, PutResult } from "../../../store/types.ts";
import { checksumElement, checksumHeader, checksumName, checksumType } from "../checksum/algorithm.ts";
import { checksumOf, combineChecksums } from "../checksum/checksum.ts";
import type { S3Client } from "../client.ts";
import { connectionOf, run, STORE } from "../core.ts";
import { sendDocument } from "../send_document.ts";
import { freed } from "./cleanup.ts";
import { putResult } from "../put/whole.ts";
import { findWriter, MARKER_HEADER } from "../put/marker.ts";
import { modeHeader, writeHeaders } from "../write_headers.ts";
import { withGrace } from "./grace.ts";

/** Most parts of an upload. */
export const MAX_PARTS = 10_000;
const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";
const UTF8 = new TextEncoder();

/** A part that is stored. */
export interface StoredPart {
  /** From 1. */
  readonly number: number;
  readonly eTag: string;
  /** In bytes, where known. */
  readonly size?: number;
  /** In base64, of the store's algorithm. */
  readonly checksum?: string;
}

/** How an upload is begun. */
export interface CreateUploadOptions extends PutMultipartOptions {
  /** Keep no checksum: parts that are copied have none that we know, and not every service sums them up itself. */
  readonly unsummed?: boolean;
  /** Where it is completed under a condition: how the object is known again. */
  readonly marker?: string;
}

/** Starts an upload and returns its id. One that is given up meanwhile is aborted, if the service names it in time. */
export async function createUpload(
  client: S3Client,
  path: Path,
  options: CreateUploadOptions,
): Promise<string> {
  const { signal, extensions } = options;
  const { retry } = connectionOf(client);
  const id = await withGrace(
    signal,
    retry,
    (signal, retries) => askForUpload(client, path, { ...options, signal }, retries),
  );
  if (!signal?.aborted) return id;
  await freed(abortUpload(client, path, id, { extensions }));
  throw signal.reason;
}

async function askForUpload(
  client: S3Client,
  path: Path,
  options: CreateUploadOptions,
  retries: RetryState | undefined,
): Promise<string> {
  const headers: HeaderEntry[] = writeHeaders(client, path, options);
  if (options.marker !== undefined) headers.push([MARKER_HEADER, options.marker]);
  const { checksum } = client;
  if (checksum !== undefined && !options.unsummed) {
    headers.push(["x-amz-checksum-algorithm", checksumName(checksum)]);
    if (checksumType(checksum) === "FULL_OBJECT") headers.push(["x-amz-checksum-type", "FULL_OBJECT"]);
  }
  const { root } = await sendDocument(
    client,
    {
      method: "POST",
      action: "start an upload of",
      path,
      query: [["uploads", ""]],
      headers,
      body: [],
      // Sent twice it may start two, of which one is never heard of; a sweep finds it.
      idempotent: true,
      options,
    },
    { root: "InitiateMultipartUploadResult" },
    retries,
  );
  const id = root["UploadId"];
  if (typeof id === "string" && id !== "") return id;
  throw new GenericError(`Cannot start an upload of "${path}": the service gave no upload id`, {
    store: STORE,
    path,
  });
}

/** Stores a part; `number` counts from 1. */
export async function uploadPart(
  client: S3Client,
  path: Path,
  id: string,
  number: number,
  chunks: readonly Uint8Array[],
  options: OperationOptions & { readonly unsummed?: boolean },
): Promise<StoredPart> {
  const summed = client.checksum !== undefined && !options.unsummed;
  const checksum = summed ? checksumOf(client.checksum!, chunks) : undefined;
  const response = await run(client, {
    method: "PUT",
    action: `upload part ${number} of`,
    path,
    query: [["partNumber", `${number}`], ["uploadId", id]],
    headers: client.encryption.key,
    body: chunks,
    checksummed: summed,
    checksum,
    options,
  });
  const eTag = getHeader(response.headers, "etag");
  if (eTag === undefined) {
    throw new GenericError(
      `Cannot upload part ${number} of "${path}": the response has no ETag (for a browser the service must expose it)`,
      { store: STORE, path },
    );
  }
  return { number, eTag, size: chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0), checksum };
}

/** An upload that is to be completed. */
export interface Completion {
  readonly id: string;
  readonly parts: readonly StoredPart[];
  readonly mode: PutMode;
  /** The one that the upload was begun with. */
  readonly marker?: string;
}

/**
 * Makes the object of its parts. Where the answer got lost, and the upload is gone or the condition fails when it is
 * asked for again, the object tells whether it comes of this upload: by its marker under a condition; otherwise by its
 * ETag or its checksum, as equal bytes are then as good.
 */
export async function completeUpload(
  client: S3Client,
  path: Path,
  { id, parts, mode, marker }: Completion,
  options: OperationOptions,
): Promise<PutResult> {
  const { checksum } = client;
  const stored = [...parts].sort((a, b) => a.number - b.number);
  const condition = modeHeader(client, path, mode);
  const whole = wholeChecksum(client, stored);
  const headers: HeaderEntry[] = [["content-type", "application/xml"], ...client.encryption.key];
  if (condition !== undefined) headers.push(condition);
  if (whole !== undefined) {
    headers.push([checksumHeader(checksum!), whole], ["x-amz-checksum-type", "FULL_OBJECT"]);
  }
  let answer: Awaited<ReturnType<typeof sendDocument>>;
  try {
    answer = await sendDocument(
      client,
      {
        method: "POST",
        action: "complete the upload of",
        path,
        query: [["uploadId", id]],
        headers,
        body: [UTF8.encode(completeBody(client, stored))],
        idempotent: true,
        kinds: mode === "create"
          ? { 409: AlreadyExistsError, 412: AlreadyExistsError }
          : { 409: PreconditionError, 412: PreconditionError },
        options,
      },
      { root: "CompleteMultipartUploadResult" },
    );
  } catch (error) {
    // Connections below send again without a word, so this may be the second time that it is completed.
    const refused = error instanceof AlreadyExistsError || error instanceof PreconditionError;
    if (!(error instanceof NotFoundError) && !refused) throw error;
    const own = marker === undefined
      ? mode === "overwrite" ? await findEqual(client, path, stored, whole, options) : undefined
      : await findMarked(client, path, mode, marker, error, options);
    if (own !== undefined) return own;
    throw error;
  }
  const { root, response } = answer;
  const said = checksum === undefined ? undefined : root[checksumElement(checksum)];
  if (whole !== undefined && typeof said === "string" && said !== "" && said !== whole) {
    throw new GenericError(
      `Cannot complete the upload of "${path}": its ${
        checksumName(checksum!)
      } is ${whole}, the service has ${said}`,
      { store: STORE, path },
    );
  }
  const result = putResult(response);
  return { ...result, eTag: quotedETag(root["ETag"]) ?? result.eTag ?? uploadETag(stored) };
}

/** An ETag as headers have it; Ceph's documents hold bare ones, or none. */
function quotedETag(eTag: unknown): string | undefined {
  const text = typeof eTag === "string" ? eTag.trim() : "";
  if (text === "") return undefined;
  return text.endsWith('"') ? text : `"${text}"`;
}

/** Frees the parts of an upload; one that is gone is as good. */
export async function abortUpload(
  client: S3Client,
  path: Path,
  id: string,
  options: OperationOptions,
): Promise<void> {
  await run(client, {
    method: "DELETE",
    action: "abort the upload of",
    path,
    query: [["uploadId", id]],
    accept: [404],
    options,
  });
}

/** The parts that the service has of an upload, in order. */
export async function* listParts(
  client: S3Client,
  path: Path,
  id: string,
  options: OperationOptions,
): AsyncGenerator<StoredPart, void, undefined> {
  const { xmlChildren, xmlText } = await import("../../common/xml.ts");
  let marker: string | undefined;
  for (;;) {
    const { root } = await sendDocument(client, {
      method: "GET",
      action: "list the parts of",
      path,
      query: [["uploadId", id], ...(marker === undefined ? [] : [["part-number-marker", marker] as const])],
      options,
    }, { root: "ListPartsResult", lists: ["Part"] });
    for (const part of xmlChildren(root, "Part")) {
      const number = Number(xmlText(part, "PartNumber"));
      const eTag = xmlText(part, "ETag");
      if (!Number.isInteger(number) || eTag === undefined) continue;
      const size = Number(xmlText(part, "Size") ?? NaN);
      const checksum = client.checksum === undefined
        ? undefined
        : xmlText(part, checksumElement(client.checksum));
      yield { number, eTag, size: Number.isNaN(size) ? undefined : size, checksum: checksum || undefined };
    }
    const next = xmlText(root, "NextPartNumberMarker");
    if (xmlText(root, "IsTruncated") !== "true") return;
    if (!(Number(next) > Number(marker ?? 0))) {
      throw new GenericError(
        `Cannot list the parts of "${path}": the service does not say where the next page begins`,
        { store: STORE, path },
      );
    }
    marker = next;
  }
}

/** The checksum of all bytes, where it can be told from those of the parts. */
function wholeChecksum(client: S3Client, parts: readonly StoredPart[]): string | undefined {
  const { checksum } = client;
  if (checksum === undefined || checksumType(checksum) !== "FULL_OBJECT") return undefined;
  const known = parts.flatMap(({ checksum, size }) =>
    checksum === undefined || size === undefined ? [] : [{ checksum, length: size }]
  );
  // MinIO takes the sum of one empty part for wrong.
  if (known.length !== parts.length || known.every(({ length }) => length === 0)) return undefined;
  return combineChecksums(checksum, known);
}

function completeBody(client: S3Client, parts: readonly StoredPart[]): string {
  const element = client.checksum === undefined ? undefined : checksumElement(client.checksum);
  const items = parts.map(({ number, eTag, checksum }) => {
    const sum = checksum === undefined || element === undefined ? "" : `<${element}>${checksum}</${element}>`;
    return `<Part><PartNumber>${number}</PartNumber><ETag>${escapeETag(eTag)}</ETag>${sum}</Part>`;
  });
  return `<CompleteMultipartUpload xmlns="${NAMESPACE}">${items.join("")}</CompleteMultipartUpload>`;
}

function escapeETag(eTag: string): string {
  return eTag.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

/**
 * The result of a completion under a condition that was refused, if it was done all the same.
 *
 * @throws {AlreadyExistsError} or {PreconditionError} where the upload is gone, and the object now is one that the
 * condition rules out.
 */
async function findMarked(
  client: S3Client,
  path: Path,
  mode: PutMode,
  marker: string,
  refusal: ObjectStoreError,
  options: OperationOptions,
): Promise<PutResult | undefined> {
  const writer = await findWriter(client, path, marker, options);
  if (writer.who === "self") return writer.result;
  if (writer.who !== "another" || !(refusal instanceof NotFoundError)) return undefined;
  if (typeof mode === "object" && mode.update.eTag === writer.eTag) return undefined;
  const Conflict = mode === "create" ? AlreadyExistsError : PreconditionError;
  throw new Conflict(
    `Cannot complete the upload of "${path}": it is gone, and the object that is there is another's`,
    { store: STORE, path, status: refusal.status, code: refusal.code, cause: refusal },
  );
}

/** The object where it is what comes of the parts, whose checksum is `whole` where that is known. */
async function findEqual(
  client: S3Client,
  path: Path,
  parts: readonly StoredPart[],
  whole: string | undefined,
  options: OperationOptions,
): Promise<PutResult | undefined> {
  const summed = whole !== undefined && client.provider.checksumMode;
  const headers: HeaderEntry[] = [...client.encryption.key];
  if (summed) headers.push(["x-amz-checksum-mode", "ENABLED"]);
  try {
    const found = await run(client, { method: "HEAD", action: "get the head of", path, headers, options });
    const said = (name: string) => getHeader(found.headers, name);
    const eTag = said("etag");
    if (eTag !== undefined && eTag === uploadETag(parts)) return putResult(found);
    // The ETags of KMS tell nothing.
    const size = parts.reduce((sum, part) => sum + (part.size ?? NaN), 0);
    const equal = summed && said(checksumHeader(client.checksum!)) === whole &&
      said("x-amz-checksum-type") === "FULL_OBJECT" && said("content-length") === `${size}`;
    return equal ? putResult(found) : undefined;
  } catch {
    // Then it cannot be told, and the refusal stands.
    options.signal?.throwIfAborted();
    return undefined;
  }
}

/** The ETag that comes of parts: the MD5 of their MD5s, and their number. Not with KMS, whose ETags are no MD5s. */
function uploadETag(parts: readonly StoredPart[]): string | undefined {
  const sums = parts.map(({ eTag }) => /^"?([0-9a-f]{32})"?$/.exec(eTag)?.[1]);
  const sum = md5.create();
  for (const each of sums) {
    if (each === undefined) return undefined;
    sum.update(hexToBytes(each));
  }
  return `"${bytesToHex(sum.digest())}-${parts.length}"`;
}
