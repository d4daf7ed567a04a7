/**
 * What a Signature Version 4 is made over: the canonical request, its scope and its date. Source: AWS "Signature
 * Version 4 signing process". The hashing is elsewhere: `sigv4.ts` without promises, `sigv4_web.ts` with WebCrypto's.
 */
import { getHeader, type HeaderEntry, type HeaderList } from "../../../http/headers.ts";
import { encodeQuery, encodeUnreserved } from "../../common/url.ts";
import type { S3Credential } from "../credential.ts";

/** The SHA-256 of nothing, in hex. */
export const EMPTY_PAYLOAD_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/** Payload hash of a request whose body is not signed. */
export const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";
/** The header that tells the hash of the payload. */
export const PAYLOAD_HASH_HEADER = "x-amz-content-sha256";
/** The one algorithm spoken here. */
export const ALGORITHM = "AWS4-HMAC-SHA256";

/** What is signed. */
export interface SignableRequest {
  readonly method: string;
  /** Absolute URL; its path and query stand as they will be sent. */
  readonly url: string;
  readonly headers: HeaderList;
}

/** Where a signature is valid. */
export interface SigningScope {
  readonly region: string;
  /** `s3`, or `s3express`, `sts`, … */
  readonly service: string;
}

/** Options of {@linkcode signRequest}. */
export interface SignOptions extends SigningScope {
  readonly credential: S3Credential;
  /** When the request is made; services refuse a clock that is off by more than 15 minutes. */
  readonly date: Date;
  /**
   * Hex SHA-256 of the body, {@linkcode UNSIGNED_PAYLOAD}, or a `STREAMING-…` constant. Where absent, the request's own
   * `x-amz-content-sha256` line says it; without one either there is no body.
   */
  readonly payloadHash?: string;
  /** Name of the header that carries the session token. Default `x-amz-security-token`. */
  readonly tokenHeader?: string;
}

/** A request to which nothing but its signature is missing. */
export interface UnsignedRequest {
  /** All header lines but `authorization`. */
  readonly headers: HeaderEntry[];
  /** The canonical request. */
  readonly text: string;
  /** Names of the headers in it. */
  readonly signedHeaders: string;
  /** See {@linkcode amzDate}. */
  readonly timestamp: string;
  /** See {@linkcode credentialScope}. */
  readonly scope: string;
}

/** Adds `x-amz-date`, `x-amz-content-sha256` and the session token. */
export function unsignedRequest(request: SignableRequest, options: SignOptions): UnsignedRequest {
  const { credential, date } = options;
  const timestamp = amzDate(date);
  const headers: HeaderEntry[] = [...request.headers, ["x-amz-date", timestamp]];
  const given = options.payloadHash === undefined ? getHeader(headers, PAYLOAD_HASH_HEADER) : undefined;
  const payloadHash = given ?? options.payloadHash ?? EMPTY_PAYLOAD_HASH;
  if (given === undefined) headers.push([PAYLOAD_HASH_HEADER, payloadHash]);
  if (credential.sessionToken) {
    headers.push([options.tokenHeader ?? "x-amz-security-token", credential.sessionToken]);
  }
  const canonical = canonicalRequest(request.method, request.url, headers, payloadHash, options.service);
  const scope = credentialScope(date, options);
  return { headers, text: canonical.text, signedHeaders: canonical.signedHeaders, timestamp, scope };
}

/** The header lines of a request, with its signature. */
export function withSignature(
  { headers, scope, signedHeaders }: UnsignedRequest,
  { accessKeyId }: S3Credential,
  signature: string,
): HeaderEntry[] {
  headers.push([
    "authorization",
    `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
  ]);
  return headers;
}

// All requests of a second have one timestamp.
let lastSecond = NaN;
let lastDate = "";

/** `yyyymmddThhmmssZ`. */
export function amzDate(date: Date): string {
  const second = Math.floor(date.getTime() / 1000);
  if (second !== lastSecond) {
    lastDate = date.toISOString().replace(/[-:]|\.\d{3}/g, "");
    lastSecond = second;
  }
  return lastDate;
}

/** `<date>/<region>/<service>/aws4_request`. */
export function credentialScope(date: Date, { region, service }: SigningScope): string {
  return `${amzDate(date).slice(0, 8)}/${region}/${service}/aws4_request`;
}

/** A canonical request and the list of headers in it. */
export interface CanonicalRequest {
  readonly text: string;
  readonly signedHeaders: string;
}

/**
 * The canonical form of a request. `url` is split by hand: the `URL` class would normalise what is sent.
 *
 * @param unsigned Headers that are left out, in lower case. Default: those that are not the sender's alone.
 */
export function canonicalRequest(
  method: string,
  url: string,
  headers: HeaderList,
  payloadHash: string,
  service: string,
  unsigned: ReadonlySet<string> = NEVER_SIGNED,
): CanonicalRequest {
  const { host, path, query } = splitUrl(url);
  const lines = canonicalHeaders(headers, host, unsigned);
  const signedHeaders = lines.map(([name]) => name).join(";");
  // S3 alone takes the path encoded once; every other service encodes it a second time.
  const uri = service.startsWith("s3") ? path : encodeUnreserved(path);
  const text = `${method}\n${uri}\n${canonicalQuery(query)}\n${
    lines.map(([name, value]) => `${name}:${value}\n`).join("")
  }\n${signedHeaders}\n${payloadHash}`;
  return { text, signedHeaders };
}

const UNRESERVED = /^[A-Za-z0-9\-._~]*$/;

/** The parts of an absolute URL, as written. */
export function splitUrl(
  url: string,
): { readonly host: string; readonly path: string; readonly query: string } {
  const start = url.indexOf("://") + 3;
  const fragment = url.indexOf("#", start);
  const end = fragment < 0 ? url.length : fragment;
  let question = url.indexOf("?", start);
  if (question < 0 || question > end) question = end;
  let slash = url.indexOf("/", start);
  if (slash < 0 || slash > question) slash = question;
  const authority = url.slice(
    url.lastIndexOf("@", slash) >= start ? url.lastIndexOf("@", slash) + 1 : start,
    slash,
  );
  return {
    host: withoutDefaultPort(authority.toLowerCase(), url.startsWith("https:") ? ":443" : ":80"),
    path: slash === question ? "/" : url.slice(slash, question),
    query: url.slice(question + 1, end),
  };
}

// The connector sends no default port in `host`, so none may be signed.
function withoutDefaultPort(authority: string, port: string): string {
  return authority.endsWith(port) ? authority.slice(0, -port.length) : authority;
}

// What a proxy on the way may change or a connector sets itself; the list of AWS's own signers, and the length.
const NEVER_SIGNED = new Set([
  "authorization",
  "cache-control",
  "connection",
  "content-length",
  "expect",
  "from",
  "keep-alive",
  "max-forwards",
  "pragma",
  "referer",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
  "x-amzn-trace-id",
]);

function canonicalHeaders(
  headers: HeaderList,
  host: string,
  unsigned: ReadonlySet<string>,
): [name: string, value: string][] {
  const lines: [string, string][] = [];
  let hostSeen = false;
  for (const [key, raw] of headers) {
    const name = key.toLowerCase();
    if (unsigned.has(name)) continue;
    if (name === "host") hostSeen = true;
    const value = foldWhitespace(raw);
    const same = lines.find((line) => line[0] === name);
    if (same) same[1] += `,${value}`;
    else lines.push([name, value]);
  }
  if (!hostSeen) lines.push(["host", host]);
  return lines.sort((a, b) => a[0] < b[0] ? -1 : 1);
}

function foldWhitespace(value: string): string {
  return /^\s|\s$|\s\s|[\t\v\f\r\n]/.test(value) ? value.trim().replace(/\s+/g, " ") : value;
}

function canonicalQuery(query: string): string {
  if (query === "") return "";
  const pairs: [string, string][] = [];
  for (const part of query.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = equals < 0 ? part : part.slice(0, equals);
    const value = equals < 0 ? "" : part.slice(equals + 1);
    pairs.push([recode(name), recode(value)]);
  }
  // By code unit, which for encoded text is by byte: first the name, then the value.
  pairs.sort((a, b) => a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0);
  return pairs.map(([name, value]) => `${name}=${value}`).join("&");
}

function recode(text: string): string {
  if (UNRESERVED.test(text)) return text;
  let decoded: string;
  try {
    decoded = decodeURIComponent(text.replaceAll("+", "%20"));
  } catch {
    // A stray percent sign or bytes that are no UTF-8: the service reads them literally.
    decoded = text;
  }
  return encodeQuery(decoded);
}
