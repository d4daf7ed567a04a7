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
import { encodeUnreserved } from "../common/url.ts";
import type { S3Client } from "./client.ts";
import { sendDocument } from "./send_document.ts";
import { run, STORE } from "./core.ts";
import { freed } from "./multipart/cleanup.ts";
import { MAX_SINGLE } from "./put/whole.ts";
import { createMarker, findWriter, MARKER_HEADER } from "./put/marker.ts";
import {
  abortUpload,
  completeUpload,
  createUpload,
  MAX_PARTS,
  type StoredPart,
  uploadPart,
} from "./multipart/uploads.ts";
import { usesTags } from "./write_headers.ts";

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
    // S3 refuses a copy onto itself that changes nothing.
    const same = from === to ? replacing(await headSource(client, from, options)) : [];
    await copyWhole(client, from, to, same, undefined, options);
  } catch (error) {
    // Found out by failing, since it is rare: a head before each copy would cost a round trip.
    if (!(error instanceof ObjectStoreError) || !tooLarge(error)) throw error;
    const source = await headSource(client, from, options);
    if (source.size <= MAX_SINGLE) throw error;
    await copyInParts(client, source, to, false, options);
  }
}

/** Whether the source may have been too large for one request; its size tells. */
function tooLarge({ status, code }: ObjectStoreError): boolean {
  return status === 413 || code === "EntityTooLarge" || code === "InvalidRequest";
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
  try {
    await copyMarked(client, source, to, parseWay(way), options);
  } catch (error) {
    // AWS has regions and kinds of buckets where conditional copies are not there yet: they say so.
    if (
      !(error instanceof NotSupportedError) || way !== "if-none-match" || client.provider.complete === "none"
    ) throw error;
    await copyInParts(client, source, to, true, options);
  }
}

/**
 * A copy by one request under a condition, which carries a marker: its attributes are those of the source, sent again
 * with it.
 */
async function copyMarked(
  client: S3Client,
  source: Source,
  to: Path,
  { header, conflict }: CopyWay,
  options: OperationOptions,
  attempts = 5,
): Promise<void> {
  const { path: from, eTag } = source;
  const marker = createMarker();
  const headers = [...replacing(source).filter(([name]) => !LEFT.includes(name)), header];
  headers.push([MARKER_HEADER, marker]);
  // The attributes are those of these bytes.
  if (eTag !== undefined) headers.push(["x-amz-copy-source-if-match", eTag]);
  try {
    await copyWhole(client, from, to, headers, conflict, options);
  } catch (error) {
    if (!(error instanceof AlreadyExistsError)) throw error;
    const { who } = await findWriter(client, to, marker, options);
    if (who === "self") return;
    if (who !== "nobody" || eTag === undefined || attempts === 1) throw error;
    // Then it was the source that is no longer what it was, unless the destination came and went.
    const now = await headSource(client, from, options);
    if (now.eTag === eTag) throw error;
    await copyMarked(client, now, to, { header, conflict }, options, attempts - 1);
  }
}

/** What does not go with a copy: another write's marker, and what S3's own copies leave behind. */
const LEFT: readonly string[] = [MARKER_HEADER, "x-amz-website-redirect-location"];

/** The header of a strategy, and the status by which the service tells of a conflict. */
interface CopyWay {
  readonly header: HeaderEntry;
  readonly conflict: number;
}

function parseWay(way: string): CopyWay {
  if (way === "if-none-match") return { header: ["if-none-match", "*"], conflict: 412 };
  const [kind, name = "", value = "", status] = way.split(":").map((part) => part.trim());
  return { header: [name, value], conflict: kind === "header-with-status" ? Number(status) : 412 };
}

/** `bucket/key`, encoded; access points have a word between. */
function copySource(client: S3Client, path: Path): string {
  return `${client.configured.copySource}/${encodeUnreserved(path)}`;
}

async function copyWhole(
  client: S3Client,
  from: Path,
  to: Path,
  more: readonly HeaderEntry[],
  conflict: number | undefined,
  options: OperationOptions,
): Promise<void> {
  const { encryption, options: { storageClass } } = client;
  const headers: HeaderEntry[] = [
    ["x-amz-copy-source", copySource(client, from)],
    ...more,
    ...encryption.write,
    ...encryption.source,
  ];
  if (storageClass !== undefined) headers.push(["x-amz-storage-class", storageClass]);
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
          : { [conflict]: AlreadyExistsError, 409: AlreadyExistsError, 412: AlreadyExistsError },
        options,
      },
      { root: "CopyObjectResult" },
    );
  } catch (error) {
    if (error instanceof NotFoundError && error.code !== "NoSuchBucket") throw missing(from, to, error);
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
function replacing(source: Source): HeaderEntry[] {
  return [["x-amz-metadata-directive", "REPLACE"], ...source.attributes];
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
  const { headers } = await run(client, {
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
  const attributes = headers.map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => KEPT.test(name));
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
  const { attributesOf } = await import("./read.ts");
  const { contentType, ...attributes } = attributesOf(source.attributes);
  const marker = create ? createMarker() : undefined;
  // One parameter at a time: a content type that is missing must not be filled in by the file's suffix.
  const id = await createUpload(client, to, {
    ...options,
    attributes: { ...attributes, contentType: contentType ?? "binary/octet-stream" },
    tags,
    unsummed: true,
    marker,
  });
  try {
    const parts = await copyParts(client, source, to, id, options);
    await completeUpload(client, to, { id, parts, mode: create ? "create" : "overwrite", marker }, options);
  } catch (error) {
    // Not under the caller's signal, which may be what ended the copy.
    await freed(abortUpload(client, to, id, { extensions }));
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
