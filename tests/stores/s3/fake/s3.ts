/**
 * An S3 in memory, as a connector: enough of the protocol for the store, with AWS's own rules where they matter
 * (signatures and clocks are checked, conditions heeded, checksums held against the bytes), and a hook before each
 * request for what no real server can be asked to do.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers";
import type { HttpConnector } from "../../../../src/http/connector.ts";
import type { HttpRequest, HttpResponse, HttpService } from "../../../../src/http/service.ts";
import { getHeader, type HeaderEntry, type HeaderList } from "../../../../src/http/headers.ts";
import { checksumOf } from "../../../../src/stores/s3/checksum/checksum.ts";
import { parseXml, xmlChildren, xmlText } from "../../../../src/stores/common/xml.ts";
import { answer, failure } from "./answers.ts";
import { type ListedObject, type ListedUpload, listObjects, listUploads } from "./listings.ts";
import { readPayload } from "./payload.ts";
import { checkSignature, type FakeKeys } from "./signature.ts";

export const KEYS: FakeKeys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "fake-secret" };

interface StoredObject extends ListedObject {
  readonly headers: readonly HeaderEntry[];
  readonly checksums: readonly HeaderEntry[];
}

interface Upload extends ListedUpload {
  readonly headers: readonly HeaderEntry[];
  readonly parts: Map<number, { bytes: Uint8Array; eTag: string }>;
}

/** What a hook sees; what it returns is the answer, nothing lets the request through. */
export type Hook = (
  request: HttpRequest,
  parts: { readonly key: string; readonly query: URLSearchParams; readonly index: number },
) => HttpResponse | undefined | Promise<HttpResponse | undefined>;

export interface FakeS3Options {
  readonly bucket?: string;
  readonly region?: string;
  readonly keys?: () => readonly FakeKeys[];
  readonly now?: () => number;
  readonly pageSize?: number;
  readonly hook?: Hook;
}

/** A bucket. */
export class FakeS3 implements HttpConnector {
  readonly objects = new Map<string, StoredObject>();
  readonly uploads = new Map<string, Upload>();
  readonly requests: HttpRequest[] = [];
  hook: Hook | undefined;
  readonly #options: FakeS3Options;
  #uploadIds = 0;

  constructor(options: FakeS3Options = {}) {
    this.#options = options;
    this.hook = options.hook;
  }

  connect(): HttpService {
    return { call: (request) => this.#call(request) };
  }

  async #call(request: HttpRequest): Promise<HttpResponse> {
    request.signal?.throwIfAborted();
    const index = this.requests.push(request) - 1;
    const url = new URL(request.url);
    const bucket = this.#options.bucket ?? "bucket";
    const path = url.hostname.startsWith(`${bucket}.`)
      ? url.pathname
      : url.pathname.replace(new RegExp(`^/${bucket}(?=/|$)`), "");
    const key = decodeURIComponent(path.replace(/^\//, ""));
    const query = url.searchParams;
    const hooked = await this.hook?.(request, { key, query, index });
    if (hooked !== undefined) return hooked;
    // Answers come after a turn of the event loop, as from a network.
    await new Promise((resolve) => setImmediate(resolve));
    const { keys = () => [KEYS], now = Date.now, region = "us-east-1" } = this.#options;
    const refused = checkSignature(request, keys(), now(), region);
    if (refused !== undefined) return refused;
    if (path === url.pathname && !url.hostname.startsWith(`${bucket}.`)) return failure(404, "NoSuchBucket");
    const body = await readPayload(request, query);
    if (!(body instanceof Uint8Array)) return body;
    return this.#answer(request, key, query, body);
  }

  #answer(request: HttpRequest, key: string, query: URLSearchParams, body: Uint8Array): HttpResponse {
    const { method } = request;
    if (key === "") {
      if (method === "GET" && query.has("uploads")) return listUploads(this.uploads);
      if (method === "GET") return listObjects(this.objects, query, this.#options.pageSize ?? 1000);
      return this.#deleteMany(body);
    }
    if (query.has("tagging")) return this.#tags(key);
    const uploadId = query.get("uploadId");
    if (method === "POST" && query.has("uploads")) return this.#start(request, key);
    if (uploadId !== null) return this.#upload(request, key, uploadId, query, body);
    switch (method) {
      case "PUT":
        return getHeader(request.headers, "x-amz-copy-source") === undefined
          ? this.#put(request, key, body)
          : this.#copy(request, key);
      case "DELETE": {
        const match = getHeader(request.headers, "if-match");
        if (match !== undefined && this.objects.get(key)?.eTag !== match) {
          return failure(412, "PreconditionFailed");
        }
        this.objects.delete(key);
        return answer(204, "");
      }
      default:
        return this.#get(request, key);
    }
  }

  #conflict(request: HttpRequest, key: string): HttpResponse | undefined {
    const existing = this.objects.get(key);
    const match = getHeader(request.headers, "if-match");
    if (getHeader(request.headers, "if-none-match") === "*" && existing !== undefined) {
      return failure(412, "PreconditionFailed");
    }
    if (match !== undefined && existing === undefined) return failure(404, "NoSuchKey");
    if (match !== undefined && existing!.eTag !== match) return failure(412, "PreconditionFailed");
    return undefined;
  }

  #put(request: HttpRequest, key: string, bytes: Uint8Array): HttpResponse {
    const conflict = this.#conflict(request, key);
    if (conflict !== undefined) return conflict;
    const eTag = `"${createHash("md5").update(bytes).digest("hex")}"`;
    const checksums = request.headers.filter(([name]) => name.startsWith("x-amz-checksum-"));
    this.objects.set(key, {
      bytes: bytes.slice(),
      headers: kept(request.headers),
      eTag,
      modified: new Date(),
      checksums,
    });
    return answer(200, "", [["etag", eTag]]);
  }

  #get(request: HttpRequest, key: string): HttpResponse {
    const object = this.objects.get(key);
    const head = request.method === "HEAD";
    if (object === undefined) return failure(404, "NoSuchKey", [], request.method);
    const match = getHeader(request.headers, "if-match");
    const none = getHeader(request.headers, "if-none-match");
    if (match !== undefined && match !== object.eTag) {
      return failure(412, "PreconditionFailed", [], request.method);
    }
    const second = Math.floor(object.modified.getTime() / 1000) * 1000;
    const unmodified = Date.parse(getHeader(request.headers, "if-unmodified-since") ?? "");
    const modified = Date.parse(getHeader(request.headers, "if-modified-since") ?? "");
    if (match === undefined && second > unmodified) {
      return failure(412, "PreconditionFailed", [], request.method);
    }
    if (none === object.eTag || none === undefined && second <= modified) return answer(304, "");
    const { bytes } = object;
    const headers: HeaderEntry[] = [...object.headers, ["etag", object.eTag], [
      "last-modified",
      object.modified.toUTCString(),
    ]];
    if (getHeader(request.headers, "x-amz-checksum-mode") !== undefined) headers.push(...object.checksums);
    const range = /^bytes=(\d*)-(\d*)$/.exec(getHeader(request.headers, "range") ?? "");
    if (range === null) {
      headers.push(["content-length", `${bytes.byteLength}`]);
      return answer(200, head ? "" : bytes, headers, head ? undefined : bytes.byteLength);
    }
    const start = range[1] === "" ? Math.max(0, bytes.byteLength - Number(range[2])) : Number(range[1]);
    const end = range[1] === "" || range[2] === ""
      ? bytes.byteLength
      : Math.min(bytes.byteLength, Number(range[2]) + 1);
    if (start >= bytes.byteLength) {
      return failure(416, "InvalidRange", [["content-range", `bytes */${bytes.byteLength}`]]);
    }
    const part = bytes.subarray(start, end);
    headers.push(["content-range", `bytes ${start}-${end - 1}/${bytes.byteLength}`], [
      "content-length",
      `${part.byteLength}`,
    ]);
    return answer(206, head ? "" : part, headers, head ? undefined : part.byteLength);
  }

  #tags(key: string): HttpResponse {
    const object = this.objects.get(key);
    if (object === undefined) return failure(404, "NoSuchKey");
    const tags = new URLSearchParams(getHeader(object.headers, "x-amz-tagging") ?? "");
    const items = [...tags].map(([key, value]) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`);
    return answer(200, `<Tagging><TagSet>${items.join("")}</TagSet></Tagging>`);
  }

  #copySource(request: HttpRequest): StoredObject | undefined {
    const source = decodeURIComponent(getHeader(request.headers, "x-amz-copy-source")!);
    return this.objects.get(source.slice(source.indexOf("/") + 1));
  }

  #copy(request: HttpRequest, key: string): HttpResponse {
    const source = this.#copySource(request);
    if (source === undefined) return failure(404, "NoSuchKey");
    const match = getHeader(request.headers, "x-amz-copy-source-if-match");
    if (match !== undefined && match !== source.eTag) return failure(412, "PreconditionFailed");
    const conflict = this.#conflict(request, key);
    if (conflict !== undefined) return conflict;
    // Tags have a directive of their own.
    const headers = getHeader(request.headers, "x-amz-metadata-directive") === "REPLACE"
      ? [...kept(request.headers), ...source.headers.filter(([name]) => name === "x-amz-tagging")]
      : source.headers;
    this.objects.set(key, { ...source, headers, modified: new Date() });
    return answer(200, `<CopyObjectResult><ETag>${source.eTag}</ETag></CopyObjectResult>`);
  }

  #start(request: HttpRequest, key: string): HttpResponse {
    const id = `upload-${++this.#uploadIds}`;
    this.uploads.set(id, { key, headers: kept(request.headers), parts: new Map(), initiated: new Date() });
    return answer(
      200,
      `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
    );
  }

  #upload(
    request: HttpRequest,
    key: string,
    id: string,
    query: URLSearchParams,
    body: Uint8Array,
  ): HttpResponse {
    const upload = this.uploads.get(id);
    if (upload === undefined || upload.key !== key) return failure(404, "NoSuchUpload");
    if (request.method === "DELETE") {
      this.uploads.delete(id);
      return answer(204, "");
    }
    if (request.method === "PUT") return this.#part(request, upload, Number(query.get("partNumber")), body);
    if (request.method === "GET") {
      const items = [...upload.parts].sort(([a], [b]) => a - b).map(([number, part]) =>
        `<Part><PartNumber>${number}</PartNumber><ETag>${part.eTag}</ETag><Size>${part.bytes.byteLength}</Size></Part>`
      );
      return answer(
        200,
        `<ListPartsResult>${items.join("")}<IsTruncated>false</IsTruncated></ListPartsResult>`,
      );
    }
    return this.#complete(request, key, id, upload, body);
  }

  #part(request: HttpRequest, upload: Upload, number: number, body: Uint8Array): HttpResponse {
    let bytes = body;
    const copied = getHeader(request.headers, "x-amz-copy-source") !== undefined;
    if (copied) {
      const source = this.#copySource(request);
      if (source === undefined) return failure(404, "NoSuchKey");
      const match = getHeader(request.headers, "x-amz-copy-source-if-match");
      if (match !== undefined && match !== source.eTag) return failure(412, "PreconditionFailed");
      const range = /bytes=(\d+)-(\d+)/.exec(getHeader(request.headers, "x-amz-copy-source-range") ?? "");
      bytes = range === null ? source.bytes : source.bytes.subarray(Number(range[1]), Number(range[2]) + 1);
    }
    const eTag = `"${createHash("md5").update(bytes).digest("hex")}"`;
    upload.parts.set(number, { bytes: bytes.slice(), eTag });
    return answer(200, copied ? `<CopyPartResult><ETag>${eTag}</ETag></CopyPartResult>` : "", [[
      "etag",
      eTag,
    ]]);
  }

  #complete(request: HttpRequest, key: string, id: string, upload: Upload, body: Uint8Array): HttpResponse {
    const conflict = this.#conflict(request, key);
    if (conflict !== undefined) return conflict;
    const root = parseXml(new TextDecoder().decode(body), {
      root: "CompleteMultipartUpload",
      lists: ["Part"],
    });
    const chunks: Uint8Array[] = [];
    const sums = createHash("md5");
    let last = 0;
    const parts = xmlChildren(root, "Part");
    for (const element of parts) {
      const number = Number(xmlText(element, "PartNumber"));
      const part = upload.parts.get(number);
      if (part === undefined || part.eTag !== xmlText(element, "ETag")) return failure(400, "InvalidPart");
      if (number <= last) return failure(400, "InvalidPartOrder");
      last = number;
      sums.update(part.eTag.slice(1, -1), "hex");
      chunks.push(part.bytes);
    }
    if (parts.length === 0) return failure(400, "MalformedXML");
    const bytes = new Uint8Array(Buffer.concat(chunks));
    const sum = checksumOf("crc64nvme", [bytes]);
    const claimed = getHeader(request.headers, "x-amz-checksum-crc64nvme");
    if (claimed !== undefined && claimed !== sum) return failure(400, "BadDigest");
    const eTag = `"${sums.digest("hex")}-${parts.length}"`;
    this.uploads.delete(id);
    this.objects.set(key, {
      bytes,
      headers: upload.headers,
      eTag,
      modified: new Date(),
      checksums: [["x-amz-checksum-crc64nvme", sum], ["x-amz-checksum-type", "FULL_OBJECT"]],
    });
    return answer(
      200,
      `<CompleteMultipartUploadResult><ETag>${
        eTag.replaceAll('"', "&quot;")
      }</ETag><ChecksumCRC64NVME>${sum}</ChecksumCRC64NVME></CompleteMultipartUploadResult>`,
    );
  }

  #deleteMany(body: Uint8Array): HttpResponse {
    const root = parseXml(new TextDecoder().decode(body), { root: "Delete", lists: ["Object"] });
    for (const element of xmlChildren(root, "Object")) this.objects.delete(xmlText(element, "Key") ?? "");
    return answer(200, '<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></DeleteResult>');
  }
}

function kept(headers: HeaderList): HeaderEntry[] {
  // The coding of chunks is that of the way.
  const own = headers.map(([name, value]) => [name, value.replace(/^aws-chunked,?/, "")] as const)
    .filter(([name, value]) => name !== "content-encoding" || value !== "");
  return own.filter(([name]) =>
    /^(?:content-type|content-disposition|content-encoding|content-language|cache-control|x-amz-tagging|x-amz-meta-.*)$/
      .test(name.toLowerCase())
  );
}
