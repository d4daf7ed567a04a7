/** Signatures and clocks, checked as AWS does. */
import type { HttpRequest, HttpResponse } from "../../../../src/http/service.ts";
import { getHeader } from "../../../../src/http/headers.ts";
import {
  canonicalRequest,
  credentialScope,
  sign,
  signingKey,
} from "../../../../src/stores/s3/signing/sigv4.ts";
import { failure } from "./answers.ts";

/** Keys that the fake knows. */
export interface FakeKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The refusal of a request whose signature does not hold; nothing for one that holds, or that has none. */
export function checkSignature(
  request: HttpRequest,
  keys: readonly FakeKeys[],
  now: number,
  region: string,
): HttpResponse | undefined {
  const given = getHeader(request.headers, "authorization");
  if (given === undefined) return undefined;
  const parts =
    /Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=(\w+)/
      .exec(given);
  if (parts === null) return failure(400, "AuthorizationHeaderMalformed");
  const [, id, , signedRegion, service = "", , signature] = parts;
  const key = keys.find((key) => key.accessKeyId === id);
  if (key === undefined) return failure(403, "InvalidAccessKeyId");
  const stamp = getHeader(request.headers, "x-amz-date") ?? "";
  const date = new Date(stamp.replace(/(....)(..)(..)T(..)(..)(..)Z/, "$1-$2-$3T$4:$5:$6Z"));
  if (Math.abs(date.getTime() - now) > 15 * 60_000) {
    return failure(403, "RequestTimeTooSkewed", [["date", new Date(now).toUTCString()]], request.method);
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
