/** The headers that make an object what it is: attributes, tags, encryption. */
import type { HeaderEntry } from "../../http/headers.ts";
import { GenericError } from "../../store/error.ts";
import type { Path } from "../../store/path.ts";
import type { Attributes, PutMode, Tags } from "../../store/types.ts";
import { contentTypeFor } from "../common/content_type.ts";
import { attributeHeaders } from "../common/headers.ts";
import { encodeQuery } from "../common/url.ts";
import type { S3Client } from "./client.ts";
import { STORE } from "./core.ts";
import { MARKER_KEY, METADATA_PREFIX } from "./metadata_headers.ts";

const NAMES = { store: STORE, metadata: METADATA_PREFIX, storageClass: "x-amz-storage-class" };

/** What is written with an object. */
export interface WriteOptions {
  readonly attributes?: Attributes;
  readonly tags?: Tags;
}

/**
 * Headers of a put, a copy that replaces metadata, or the start of an upload.
 *
 * @throws {GenericError} for attributes that cannot be sent, and for metadata of the name that is this store's own.
 */
export function writeHeaders(client: S3Client, path: Path, options: WriteOptions): HeaderEntry[] {
  const { attributes, tags } = options;
  const headers = attributes === undefined ? [] : attributeHeaders(attributes, NAMES);
  if (attributes?.metadata !== undefined) refuseMarker(path, attributes.metadata);
  if (attributes?.contentType === undefined) {
    const type = contentTypeFor(path, client.options.client);
    if (type !== undefined) headers.push(["content-type", type]);
  }
  if (attributes?.storageClass === undefined && client.options.storageClass !== undefined) {
    headers.push(["x-amz-storage-class", client.options.storageClass]);
  }
  if (tags !== undefined && usesTags(client)) {
    const text = encodeTags(tags);
    if (text !== "") headers.push(["x-amz-tagging", text]);
  }
  headers.push(...client.encryption.write);
  return headers;
}

function refuseMarker(path: Path, metadata: Readonly<Record<string, string>>): void {
  for (const key of Object.keys(metadata)) {
    if (key.toLowerCase() !== MARKER_KEY) continue;
    throw new GenericError(
      `Cannot write "${path}" with the metadata "${key}": the store marks its conditional writes by that name`,
      { store: STORE, path },
    );
  }
}

/** Whether objects have tags here. */
export function usesTags(client: S3Client): boolean {
  return client.provider.tagging && !client.options.disableTagging;
}

/** Tags as a query: `key=value&key2=value2`. */
export function encodeTags(tags: Tags): string {
  return Object.entries(tags).map(([key, value]) => `${encodeQuery(key)}=${encodeQuery(value)}`).join("&");
}

/**
 * The header that a put mode stands on; none for overwriting.
 *
 * @throws {GenericError} for an update that does not say of what.
 */
export function modeHeader(client: S3Client, path: Path, mode: PutMode): HeaderEntry | undefined {
  if (mode === "overwrite") return undefined;
  if (mode === "create") return ["if-none-match", "*"];
  const { eTag } = mode.update;
  if (eTag !== undefined) {
    return ["if-match", client.provider.bareIfMatch || bare.has(client) ? bareETag(eTag) : eTag];
  }
  throw new GenericError(`Cannot update "${path}": an ETag is needed to say which version is replaced`, {
    store: STORE,
    path,
  });
}

// What was found out of services that nobody named.
const bare = new WeakSet<S3Client>();

/** Notes that the service takes ETags in conditions of writes without their quotes only, as Ceph does. */
export function takesBareETags(client: S3Client): void {
  bare.add(client);
}

/** An ETag without its quotes. */
export function bareETag(eTag: string): string {
  return eTag.replace(/^"(.*)"$/, "$1");
}
