/**
 * An S3 in memory, as a connector: enough of the protocol for the store, with AWS's own rules where they matter (signatures
 * and clocks are checked, conditions heeded, checksums held against the bytes), and a hook before each request for what no real server
 * can be asked to do.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers";
import type { HttpConnector, HttpRequest, HttpResponse, HttpService } from "../../../src/http/connector.ts";
import { getHeader, type HeaderEntry, type HeaderList } from "../../../src/http/headers.ts";
import { answer, failure } from "./fake_answers.ts";
import { checksumOf } from "../../../src/stores/s3/checksum/checksum.ts";
import { parseXml, xmlChildren, xmlText } from "../../../src/stores/common/xml.ts";
import { canonicalRequest, credentialScope, sign, signingKey } from "../../../src/stores/s3/sigv4.ts";

export const KEYS: FakeKeys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "fake-secret" };

/** Keys that the fake knows. */
export interface FakeKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

interface StoredObject {
  readonly bytes: Uint8Array;
  readonly headers: readonly HeaderEntry[];
  readonly eTag: string;
  readonly modified: Date;
  readonly checksums: readonly HeaderEntry[];
}

interface Upload {
  readonly key: string;
  readonly headers: readonly HeaderEntry[];
  readonly parts: Map<number, { bytes: Uint8Array; eTag: string }>;
  readonly initiated: Date;
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
    const refused = this.#checkSignature(request);
    if (refused !== undefined) return refused;
    if (path === url.pathname && !url.hostname.startsWith(`${bucket}.`)) return failure(404, "NoSuchBucket");
    const sent = await bytesOf(request);
    const hash = getHeader(request.headers, "x-amz-content-sha256");
    const chunked = hash?.startsWith("STREAMING-") ? unchunked(sent) : undefined;
    const body = chunked?.payload ?? sent;
    if (chunked !== undefined) {
      const length = getHeader(request.headers, "x-amz-decoded-content-length");
      if (!chunked.whole || Number(length) !== body.byteLength) return failure(400, "IncompleteBody");
    } else if (hash !== "UNSIGNED-PAYLOAD" && request.body !== undefined) {
      if (hash !== createHash("sha256").update(body).digest("hex")) {
        return failure(400, "XAmzContentSHA256Mismatch");
      }
    }
    for (const algorithm of ["crc64nvme", "crc32c", "sha256"] as const) {
      const name = `x-amz-checksum-${algorithm}`;
      const sent = chunked?.trailers.get(name) ?? getHeader(request.headers, name);
      if (
        sent !== undefined && !(request.method === "POST" && query.has("uploadId")) &&
        sent !== checksumOf(algorithm, [body])
      ) {
        return failure(400, "BadDigest");
      }
    }
    return this.#answer(request, key, query, body);
  }

  #checkSignature(request: HttpRequest): HttpResponse | undefined {
    const { keys = () => [KEYS], now = Date.now, region = "us-east-1" } = this.#options;
    const given = getHeader(request.headers, "authorization");
    if (given === undefined) return undefined;
    const parts =
      /Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=(\w+)/
        .exec(given);
    if (parts === null) return failure(400, "AuthorizationHeaderMalformed");
    const [, id, , signedRegion, service = "", , signature] = parts;
    const key = keys().find((key) => key.accessKeyId === id);
    if (key === undefined) return failure(403, "InvalidAccessKeyId");
    const stamp = getHeader(request.headers, "x-amz-date") ?? "";
    const date = new Date(stamp.replace(/(....)(..)(..)T(..)(..)(..)Z/, "$1-$2-$3T$4:$5:$6Z"));
    if (Math.abs(date.getTime() - now()) > 15 * 60_000) {
      return failure(403, "RequestTimeTooSkewed", [["date", new Date(now()).toUTCString()]], request.method);
    }
    if (signedRegion !== region) {
      return failure(
        400,
        "AuthorizationHeaderMalformed",
        [["x-amz-bucket-region", region]],
        request.method,
        `<Region>${region}</Region>`,
      );
    }
    if (key.sessionToken !== getHeader(request.headers, "x-amz-security-token")) {
      return failure(400, "InvalidToken");
    }
    const headers = request.headers.filter(([name]) => name !== "authorization");
    const { text } = canonicalRequest(
      request.method,
      request.url,
      headers,
      getHeader(headers, "x-amz-content-sha256") ?? "",
      service,
    );
    const scope = { region: signedRegion!, service };
    if (
      sign(text, stamp, credentialScope(date, scope), signingKey(key.secretAccessKey, date, scope)) !==
        signature
    ) {
      return failure(403, "SignatureDoesNotMatch", [], request.method);
    }
    return undefined;
  }

  #answer(request: HttpRequest, key: string, query: URLSearchParams, body: Uint8Array): HttpResponse {
    const { method } = request;
    if (key === "") {
      if (method === "GET" && query.has("uploads")) return this.#listUploads();
      if (method === "GET") return this.#list(query);
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

  #list(query: URLSearchParams): HttpResponse {
    const prefix = query.get("prefix") ?? "";
    const delimiter = query.get("delimiter");
    const after = query.get("continuation-token") ?? query.get("start-after") ?? "";
    const size = Math.min(Number(query.get("max-keys") ?? 1000), this.#options.pageSize ?? 1000);
    const bytes = new TextEncoder();
    const keys = [...this.objects.keys()].sort((a, b) => Buffer.compare(bytes.encode(a), bytes.encode(b)));
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
        const object = this.objects.get(key)!;
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

  #listUploads(): HttpResponse {
    const items = [...this.uploads].map(([id, { key, initiated }]) =>
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

  #deleteMany(body: Uint8Array): HttpResponse {
    const root = parseXml(new TextDecoder().decode(body), { root: "Delete", lists: ["Object"] });
    for (const element of xmlChildren(root, "Object")) this.objects.delete(xmlText(element, "Key") ?? "");
    return answer(200, '<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></DeleteResult>');
  }
}

/** What chunks hold. Their signatures are for real servers to check. */
function unchunked(
  bytes: Uint8Array,
): { readonly payload: Uint8Array; readonly whole: boolean; readonly trailers: ReadonlyMap<string, string> } {
  const text = new TextDecoder("latin1").decode(bytes);
  const pieces: Uint8Array[] = [];
  for (let at = 0;;) {
    const line = /^([0-9a-f]+)(?:;chunk-signature=[0-9a-f]{64})?\r\n/.exec(text.slice(at, at + 100));
    if (line === null) return { payload: Buffer.concat(pieces), whole: false, trailers: new Map() };
    const start = at + line[0].length;
    const size = parseInt(line[1]!, 16);
    if (size === 0) {
      const lines = text.slice(start).split("\r\n").filter((line) => line !== "");
      const trailers = new Map(lines.map((line) => line.split(":", 2) as [string, string]));
      return {
        payload: Buffer.concat(pieces),
        whole: text.endsWith("\r\n\r\n") || lines.length === 0,
        trailers,
      };
    }
    pieces.push(bytes.subarray(start, start + size));
    at = start + size + 2;
  }
}

function encode(key: string): string {
  return encodeURIComponent(key).replaceAll("%20", "+");
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

async function bytesOf({ body, signal }: HttpRequest): Promise<Uint8Array> {
  if (body === undefined) return new Uint8Array(0);
  if (body instanceof Uint8Array) return body;
  if ("stream" in body) {
    const pieces: Uint8Array[] = [];
    // Left by an error, the loop gives the stream up.
    for await (const piece of body.stream) {
      signal?.throwIfAborted();
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }
  return new Uint8Array(Buffer.concat([...body]));
}
