/** Copying within the service: by one request, in parts, and only where there is nothing. */
import type { HeaderEntry } from "../../http/headers.ts";
import { getHeader } from "../../http/headers.ts";
import { mapConcurrent } from "../../store/concurrency.ts";
import {
  AlreadyExistsError,
  GenericError,
  NotFoundError,
  notSupported,
  NotSupportedError,
  ObjectStoreError,
} from "../../store/error.ts";
import type { Path } from "../../store/path.ts";
import type { CopyOptions, OperationOptions } from "../../store/types.ts";
import { readAttributes } from "../common/headers.ts";
import { encodeUnreserved } from "../common/url.ts";
import type { S3Client } from "./client.ts";
import { sendDocument } from "./document.ts";
import { STORE } from "./error.ts";
import { MAX_SINGLE } from "./put.ts";
import {
  abortUpload,
  completeUpload,
  createUpload,
  MAX_PARTS,
  type StoredPart,
  uploadPart,
} from "./uploads.ts";
import { METADATA_PREFIX, usesTags } from "./write_headers.ts";

const PART_SIZE = 256 * 1024 * 1024;
const PARTS_AT_ONCE = 8;

/** Copies an object. Attributes, metadata and tags go with it. */
export async function copyObject(
  client: S3Client,
  from: Path,
  to: Path,
  options: CopyOptions,
): Promise<void> {
  const threshold = Math.min(client.options.copyThreshold ?? MAX_SINGLE, MAX_SINGLE);
  if (options.mode === "create") return await copyCreate(client, from, to, threshold, options);
  if (threshold < MAX_SINGLE) {
    const source = await headSource(client, from, options);
    if (source.size > threshold) return await copyInParts(client, source, to, false, options);
  }
  try {
    await copyWhole(client, from, to, [], options);
  } catch (error) {
    // Found out by failing, since it is rare: a head before each copy would cost a round trip.
    if (!(error instanceof ObjectStoreError) || !tooLarge(error)) throw error;
    const source = await headSource(client, from, options);
    if (source.size <= MAX_SINGLE) throw error;
    await copyInParts(client, source, to, false, options);
  }
}

function tooLarge({ status, code, message }: ObjectStoreError): boolean {
  return status === 413 || code === "EntityTooLarge" ||
    status === 400 && code === "InvalidRequest" &&
      /copy source is larger|maximum allowable size/i.test(message);
}

async function copyCreate(
  client: S3Client,
  from: Path,
  to: Path,
  threshold: number,
  options: CopyOptions,
): Promise<void> {
  const way = client.options.copyIfNotExists ?? client.provider.copyIfNotExists;
  if (way === "disabled") {
    notSupported(
      `copy "${from}" to "${to}" only where there is nothing`,
      'this service is not known to have a way; where it has, name it with "copyIfNotExists"',
      { store: STORE, path: to },
    );
  }
  // The size decides how, and a source that is missing is told from a destination that is there.
  const source = await headSource(client, from, options);
  if (way === "multipart" || source.size > threshold) {
    const conditional = client.provider.complete !== "none" || way === "multipart";
    if (!conditional) {
      notSupported(
        `copy "${from}", which is larger than one request copies, only where there is nothing`,
        "this service has no way",
        {
          store: STORE,
          path: to,
        },
      );
    }
    return await copyInParts(client, source, to, true, options);
  }
  const { header, conflict } = parseWay(way);
  try {
    await copyWhole(client, from, to, [header], options, conflict);
  } catch (error) {
    // AWS has regions and kinds of buckets where conditional copies are not there yet: they say so.
    if (
      !(error instanceof NotSupportedError) || way !== "if-none-match" || client.provider.complete === "none"
    ) throw error;
    await copyInParts(client, source, to, true, options);
  }
}

/** The header of a strategy, and the status by which the service tells of a conflict. */
function parseWay(way: string): { readonly header: HeaderEntry; readonly conflict: number } {
  if (way === "if-none-match") return { header: ["if-none-match", "*"], conflict: 412 };
  const [kind, name = "", value = "", status] = way.split(":").map((part) => part.trim());
  return { header: [name, value], conflict: kind === "header-with-status" ? Number(status) : 412 };
}

/** `bucket/key`, encoded; access points have a word between. */
function copySource(client: S3Client, path: Path): string {
  return `${client.endpoint.copySource}/${encodeUnreserved(path)}`;
}

async function copyWhole(
  client: S3Client,
  from: Path,
  to: Path,
  condition: readonly HeaderEntry[],
  options: OperationOptions,
  conflict?: number,
): Promise<void> {
  const { encryption, options: { storageClass } } = client;
  const headers: HeaderEntry[] = [
    ["x-amz-copy-source", copySource(client, from)],
    ...condition,
    ...encryption.write,
    ...encryption.source,
  ];
  if (storageClass !== undefined) headers.push(["x-amz-storage-class", storageClass]);
  // S3 refuses a copy onto itself that changes nothing.
  if (from === to) headers.push(...await replaceAttributes(client, from, options));
  const retries = client.retryState();
  try {
    await sendDocument(
      client,
      {
        method: "PUT",
        action: "copy",
        // Where the condition failed it is the destination that is concerned, otherwise the source.
        path: to,
        headers,
        idempotent: true,
        kinds: conflict === undefined
          ? undefined
          : { [conflict]: AlreadyExistsError, 412: AlreadyExistsError },
        options,
      },
      { root: "CopyObjectResult" },
      retries,
    );
  } catch (error) {
    if (error instanceof NotFoundError && error.code !== "NoSuchBucket") throw missing(from, to, error);
    const conflicted = error instanceof AlreadyExistsError && (retries?.retries ?? 0) > 0;
    if (conflicted && await isCopy(client, from, to, options)) return;
    throw error;
  }
}

function missing(from: Path, to: Path, error: ObjectStoreError): NotFoundError {
  return new NotFoundError(`Cannot copy "${from}" to "${to}": there is no object to copy`, {
    store: STORE,
    path: from,
    status: error.status,
    code: error.code,
    requestId: error.requestId,
    cause: error,
  });
}

/** The attributes an object has, as headers that put them in place again. */
async function replaceAttributes(
  client: S3Client,
  path: Path,
  options: OperationOptions,
): Promise<HeaderEntry[]> {
  const source = await headSource(client, path, options);
  return [["x-amz-metadata-directive", "REPLACE"], ...source.attributes];
}

/** Whether the destination is what our own first sending made of the source. */
async function isCopy(client: S3Client, from: Path, to: Path, options: OperationOptions): Promise<boolean> {
  const [source, target] = await Promise.all([
    headSource(client, from, options),
    headSource(client, to, options),
  ]);
  return source.eTag !== undefined && source.eTag === target.eTag && source.size === target.size;
}

interface Source {
  readonly path: Path;
  readonly size: number;
  readonly eTag: string | undefined;
  /** Attributes and metadata as header lines. */
  readonly attributes: readonly HeaderEntry[];
}

const KEPT =
  /^(?:cache-control|content-disposition|content-encoding|content-language|content-type|expires|x-amz-meta-.*|x-amz-website-redirect-location)$/;

async function headSource(client: S3Client, path: Path, options: OperationOptions): Promise<Source> {
  const { headers } = await client.run({
    method: "HEAD",
    action: "copy",
    path,
    headers: client.encryption.key,
    options,
  });
  const size = Number(getHeader(headers, "content-length") ?? NaN);
  if (!Number.isSafeInteger(size)) {
    throw new GenericError(`Cannot copy "${path}": the service does not say how large it is`, {
      store: STORE,
      path,
    });
  }
  const attributes = headers.filter(([name]) => KEPT.test(name.toLowerCase()));
  return { path, size, eTag: getHeader(headers, "etag"), attributes };
}

/** Copies in parts, several at once. The upload is pinned to one version of the source, and aborted if it fails. */
async function copyInParts(
  client: S3Client,
  source: Source,
  to: Path,
  create: boolean,
  options: OperationOptions,
): Promise<void> {
  if (!client.provider.partCopy) {
    notSupported(
      `copy "${source.path}" in parts`,
      "this service copies no parts; read and write it instead",
      {
        store: STORE,
        path: source.path,
      },
    );
  }
  const { extensions } = options;
  const tags = usesTags(client)
    ? await (await import("./tagging.ts")).getTags(client, source.path, options)
    : undefined;
  const { contentType, ...attributes } = readAttributes(source.attributes, METADATA_PREFIX);
  // One parameter at a time: a content type that is missing must not be filled in by the file's suffix.
  const id = await createUpload(client, to, {
    ...options,
    attributes: { ...attributes, contentType: contentType ?? "binary/octet-stream" },
    tags,
    unsummed: true,
  });
  try {
    const parts = await copyParts(client, source, to, id, options);
    await completeUpload(client, to, id, parts, create ? "create" : "overwrite", options);
  } catch (error) {
    // Not under the caller's signal, which may be what ended the copy.
    await abortUpload(client, to, id, { extensions }).catch(() => {});
    throw error;
  }
}

async function copyParts(
  client: S3Client,
  source: Source,
  to: Path,
  id: string,
  options: OperationOptions,
): Promise<StoredPart[]> {
  const { size } = source;
  // A range of nothing cannot be copied.
  if (size === 0) {
    const { number, eTag } = await uploadPart(client, to, id, 1, [], { ...options, unsummed: true });
    return [{ number, eTag }];
  }
  const wanted = Math.max(client.options.copyPartSize ?? PART_SIZE, Math.ceil(size / MAX_PARTS));
  const count = Math.ceil(size / wanted);
  return await mapConcurrent(
    Array.from({ length: count }, (_, i) => i),
    PARTS_AT_ONCE,
    (i, _, signal) => {
      const range = { start: i * wanted, end: Math.min(size, (i + 1) * wanted) };
      return copyPart(client, source, to, id, i + 1, range, { ...options, signal });
    },
    options.signal,
  );
}

async function copyPart(
  client: S3Client,
  source: Source,
  to: Path,
  id: string,
  number: number,
  range: { readonly start: number; readonly end: number },
  options: OperationOptions,
): Promise<StoredPart> {
  const headers: HeaderEntry[] = [
    ["x-amz-copy-source", copySource(client, source.path)],
    ...client.encryption.key,
    ...client.encryption.source,
  ];
  // The whole of a small source needs no range, which some services refuse then.
  if (range.end - range.start < source.size) {
    headers.push(["x-amz-copy-source-range", `bytes=${range.start}-${range.end - 1}`]);
  }
  if (source.eTag !== undefined) headers.push(["x-amz-copy-source-if-match", source.eTag]);
  const { root } = await sendDocument(client, {
    method: "PUT",
    action: `copy part ${number} of`,
    path: to,
    query: [["partNumber", `${number}`], ["uploadId", id]],
    headers,
    idempotent: true,
    options,
  }, { root: "CopyPartResult" });
  const eTag = root["ETag"];
  if (typeof eTag !== "string" || eTag === "") {
    throw new GenericError(`Cannot copy part ${number} of "${to}": the service gave no ETag`, {
      store: STORE,
      path: to,
    });
  }
  return { number, eTag: eTag.trim() };
}
