/** Listings as S3 words them. */
import { Buffer } from "node:buffer";
import type { HttpResponse } from "../../../../src/http/service.ts";
import { answer } from "./answers.ts";

/** What a listing tells of an object. */
export interface ListedObject {
  readonly bytes: Uint8Array;
  readonly eTag: string;
  readonly modified: Date;
}

/** What a listing tells of an upload. */
export interface ListedUpload {
  readonly key: string;
  readonly initiated: Date;
}

/** A page of the objects that a query asks for, sorted by their bytes. */
export function listObjects(
  objects: ReadonlyMap<string, ListedObject>,
  query: URLSearchParams,
  pageSize: number,
): HttpResponse {
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter");
  const after = query.get("continuation-token") ?? query.get("start-after") ?? "";
  const size = Math.min(Number(query.get("max-keys") ?? 1000), pageSize);
  const bytes = new TextEncoder();
  const keys = [...objects.keys()].sort((a, b) => Buffer.compare(bytes.encode(a), bytes.encode(b)));
  const items: string[] = [];
  const prefixes = new Set<string>();
  let last = "";
  let truncated = false;
  for (const key of keys) {
    if (!key.startsWith(prefix) || Buffer.compare(bytes.encode(key), bytes.encode(after)) <= 0) continue;
    const cut = delimiter === null ? -1 : key.indexOf(delimiter, prefix.length);
    const group = cut < 0 ? undefined : key.slice(0, cut + delimiter!.length);
    if (group !== undefined && (prefixes.has(group) || after.startsWith(group))) {
      last = key;
      continue;
    }
    if (items.length + prefixes.size >= size) {
      truncated = true;
      break;
    }
    last = key;
    if (group !== undefined) prefixes.add(group);
    else {
      const object = objects.get(key)!;
      items.push(
        `<Contents><Key>${
          encode(key)
        }</Key><LastModified>${object.modified.toISOString()}</LastModified><ETag>${
          object.eTag.replaceAll('"', "&quot;")
        }</ETag><Size>${object.bytes.byteLength}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
      );
    }
  }
  const groups = [...prefixes].map((each) =>
    `<CommonPrefixes><Prefix>${encode(each)}</Prefix></CommonPrefixes>`
  );
  return answer(
    200,
    `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><EncodingType>url</EncodingType><IsTruncated>${truncated}</IsTruncated>${
      truncated
        ? `<NextContinuationToken>${
          last.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
        }</NextContinuationToken>`
        : ""
    }${items.join("")}${groups.join("")}</ListBucketResult>`,
  );
}

/** All uploads under way. */
export function listUploads(uploads: ReadonlyMap<string, ListedUpload>): HttpResponse {
  const items = [...uploads].map(([id, { key, initiated }]) =>
    `<Upload><Key>${
      encode(key)
    }</Key><UploadId>${id}</UploadId><Initiated>${initiated.toISOString()}</Initiated></Upload>`
  );
  return answer(
    200,
    `<ListMultipartUploadsResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${
      items.join("")
    }</ListMultipartUploadsResult>`,
  );
}

function encode(key: string): string {
  return encodeURIComponent(key).replaceAll("%20", "+");
}
