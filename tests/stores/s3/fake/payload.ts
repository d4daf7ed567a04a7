/** The bytes of a request, held against all that it says of them. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { HttpRequest, HttpResponse } from "../../../../src/http/service.ts";
import { getHeader } from "../../../../src/http/headers.ts";
import { checksumOf } from "../../../../src/stores/s3/checksum/checksum.ts";
import { failure } from "./answers.ts";

/** The bytes that a request sends, out of their chunks; the refusal where a length, hash or checksum is not theirs. */
export async function readPayload(
  request: HttpRequest,
  query: URLSearchParams,
): Promise<Uint8Array | HttpResponse> {
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
  return body;
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
