/** Presigned URLs and POST policies: requests that somebody without credentials may make for a while. */
import type { HeaderEntry } from "../../../http/headers.ts";
import { isToken } from "../../../http/header_syntax.ts";
import type { SignOptions } from "../../../store/capabilities.ts";
import { ConfigurationError } from "../../../store/error.ts";
import type { Path } from "../../../store/path.ts";
import { encodeQuery, encodeUnreserved } from "../../common/url.ts";
import { serviceDate } from "./authorize.ts";
import type { S3Client } from "../client.ts";
import { checkCredentials } from "../credentials/check.ts";
import type { S3Credential } from "../credential.ts";
import type { S3CredentialProvider } from "../credentials/provider.ts";
import { resolveCredentials, stateOf, STORE } from "../core.ts";
import type { S3StoreOptions } from "../options.ts";
import {
  ALGORITHM,
  amzDate,
  canonicalRequest,
  credentialScope,
  hmacHex,
  sign,
  signingKey,
  type SigningScope,
  UNSIGNED_PAYLOAD,
} from "./sigv4.ts";

/** Seven days, the longest a presigned URL can live on AWS. */
export const MAX_PRESIGN_SECONDS = 604_800;

/** Options of {@linkcode presignUrl}. */
export interface PresignOptions extends SigningScope {
  readonly credential: S3Credential;
  readonly date: Date;
  /** Life in seconds, 1 to 604,800. */
  readonly expiresIn: number;
  /** Further query pairs to sign, such as `partNumber`; order and duplicates are kept. */
  readonly query?: readonly (readonly [name: string, value: string])[];
  /** Headers that the user of the URL must send exactly so. */
  readonly signedHeaders?: readonly HeaderEntry[];
  /** Adds `x-amz-request-payer=requester`. */
  readonly requestPayer?: boolean;
}

// What the signature is about already, and what senders and those between them set as they see fit.
const REFUSED_HEADERS = new Set([
  "host",
  "authorization",
  "content-length",
  "user-agent",
  "connection",
  "expect",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
const NONE: ReadonlySet<string> = new Set();

/**
 * A URL that makes one request with one method good without credentials until it expires.
 *
 * @throws {ConfigurationError} for a life out of bounds, a method that is none, a query name that belongs to the
 * signature, a query that is not well-formed, or a header that cannot be bound.
 */
export function presignUrl(method: string, url: string, options: PresignOptions): string {
  checkOptions(options);
  const verb = method.toUpperCase();
  if (!/^[A-Z]+$/.test(verb)) throw refuse(`Cannot presign a request of the method "${method}"`);
  const { credential, date } = options;
  const timestamp = amzDate(date);
  const scope = credentialScope(date, options);
  const signedHeaders = options.signedHeaders ?? [];
  const names = ["host", ...signedHeaders.map(([name]) => name.toLowerCase())];
  const query: (readonly [string, string])[] = [
    ...(options.query ?? []),
    ["X-Amz-Algorithm", ALGORITHM],
    ["X-Amz-Credential", `${credential.accessKeyId}/${scope}`],
    ["X-Amz-Date", timestamp],
    ["X-Amz-Expires", `${options.expiresIn}`],
    ["X-Amz-SignedHeaders", [...new Set(names)].sort().join(";")],
  ];
  if (options.requestPayer) query.push(["x-amz-request-payer", "requester"]);
  if (credential.sessionToken) query.push(["X-Amz-Security-Token", credential.sessionToken]);
  const pairs = query.map(([name, value]) => `${encodeQuery(name)}=${encodeQuery(value)}`).join("&");
  const unsigned = `${url}${url.includes("?") ? "&" : "?"}${pairs}`;
  // All that is bound is signed, `cache-control` too, which a request that is signed as it goes out leaves aside.
  const { text } = canonicalRequest(verb, unsigned, signedHeaders, UNSIGNED_PAYLOAD, options.service, NONE);
  const key = signingKey(credential.secretAccessKey, date, options);
  return `${unsigned}&X-Amz-Signature=${sign(text, timestamp, scope, key)}`;
}

/** Presigned URLs of objects of a store. */
export async function presignObjects(
  client: S3Client,
  method: string,
  paths: readonly Path[],
  expiresIn: number,
  { extraQuery: query, signedHeaders, signal }: SignOptions,
): Promise<string[]> {
  if (paths.length === 0) return [];
  const credential = await credentialFor(client, "sign URLs", signal);
  const { requestPayer } = client.options;
  const state = stateOf(client);
  const { endpoint } = state;
  const { region, service } = endpoint;
  const how = {
    credential,
    date: serviceDate(state),
    expiresIn,
    region,
    service,
    query,
    signedHeaders,
    requestPayer,
  };
  return paths.map((path) => presignUrl(method, `${endpoint.url}/${encodeUnreserved(path)}`, how));
}

/**
 * Credentials as configured: not those of a session, and also where requests are sent without a signature.
 *
 * @throws {ConfigurationError} for a store without credentials.
 */
export async function credentialFor(
  client: S3Client,
  action: string,
  signal: AbortSignal | undefined,
): Promise<S3Credential> {
  const credential = await configured(client)?.get(signal);
  if (credential !== undefined) return credential;
  throw new ConfigurationError(`Cannot ${action}: the store has no credentials`, {
    store: STORE,
    key: "credentials",
  });
}

// Kept, so that what is fetched is not fetched for each URL.
const unused = new WeakMap<S3Client, S3CredentialProvider | undefined>();

function configured(client: S3Client): S3CredentialProvider | undefined {
  const { options } = client;
  if (!options.skipSignature) return stateOf(client).credentials;
  if (!unused.has(client)) unused.set(client, otherwise(options));
  return unused.get(client);
}

/** What requests would be signed with if they were; `undefined` where nothing is said of that. */
function otherwise(options: S3StoreOptions): S3CredentialProvider | undefined {
  const signing = { ...options, skipSignature: undefined };
  try {
    checkCredentials(signing);
  } catch (error) {
    if (error instanceof ConfigurationError && error.key === "credentials") return undefined;
    throw error;
  }
  return resolveCredentials(signing);
}

function checkOptions({ expiresIn, query = [], signedHeaders = [] }: PresignOptions): void {
  if (!Number.isInteger(expiresIn) || expiresIn < 1 || expiresIn > MAX_PRESIGN_SECONDS) {
    throw refuse(
      `Cannot presign for ${expiresIn} s: a whole number from 1 to ${MAX_PRESIGN_SECONDS} is needed`,
    );
  }
  for (const [name, value] of query) {
    if (!name.isWellFormed() || !value.isWellFormed()) {
      throw refuse(
        `Cannot presign with the query parameter "${name.toWellFormed()}": half of a surrogate pair`,
      );
    }
    if (name === "" || name.toLowerCase().startsWith("x-amz-")) {
      throw refuse(`Cannot presign with the query parameter "${name}": it belongs to the signature`);
    }
  }
  for (const [name, value] of signedHeaders) {
    // deno-lint-ignore no-control-regex -- what no header has
    if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) {
      throw refuse(`Cannot bind the header "${name}" to a presigned URL: its value holds control characters`);
    }
    if (!isToken(name) || REFUSED_HEADERS.has(name.toLowerCase())) {
      throw refuse(`Cannot bind the header "${name}" to a presigned URL`);
    }
  }
}

function refuse(message: string): ConfigurationError {
  return new ConfigurationError(message, { store: "S3" });
}

/** One condition of a POST policy; see AWS "Creating a POST policy". */
export type PostCondition =
  | { readonly equals: readonly [field: string, value: string] }
  | { readonly startsWith: readonly [field: string, prefix: string] }
  | { readonly contentLength: readonly [least: number, most: number] };

/** Options of {@linkcode signPostPolicy}. */
export interface PostPolicyOptions extends SigningScope {
  readonly credential: S3Credential;
  readonly date: Date;
  /** Life in seconds, 1 to 604,800. */
  readonly expiresIn: number;
  readonly bucket: string;
  /** The key the form uploads to; ends in `${filename}` to keep the file's own name below a prefix. */
  readonly key: string;
  readonly conditions?: readonly PostCondition[];
}

/**
 * The form fields, in order, that let a browser form upload one file to `key`. The file's own field comes last.
 * Fields bound by `equals` conditions are included; `startsWith` ones are for the form to fill in.
 */
export function signPostPolicy(options: PostPolicyOptions): HeaderEntry[] {
  checkOptions(options);
  const { credential, date, bucket, key } = options;
  const wildcard = key.endsWith("${filename}");
  const fields: HeaderEntry[] = [
    ["key", key],
    ["x-amz-algorithm", ALGORITHM],
    ["x-amz-credential", `${credential.accessKeyId}/${credentialScope(date, options)}`],
    ["x-amz-date", amzDate(date)],
  ];
  if (credential.sessionToken) fields.push(["x-amz-security-token", credential.sessionToken]);
  const conditions: unknown[] = [
    { bucket },
    wildcard ? ["starts-with", "$key", key.slice(0, -"${filename}".length)] : { key },
    ...fields.slice(1).map(([name, value]) => ({ [name]: value })),
  ];
  for (const condition of options.conditions ?? []) {
    if ("equals" in condition) {
      fields.push(condition.equals);
      conditions.push({ [condition.equals[0]]: condition.equals[1] });
    } else if ("startsWith" in condition) {
      conditions.push(["starts-with", `$${condition.startsWith[0]}`, condition.startsWith[1]]);
    } else conditions.push(["content-length-range", ...condition.contentLength]);
  }
  const expiration = new Date(date.getTime() + options.expiresIn * 1000).toISOString();
  const policy = base64(JSON.stringify({ expiration, conditions }));
  const signature = hmacHex(signingKey(credential.secretAccessKey, date, options), policy);
  return [...fields, ["policy", policy], ["x-amz-signature", signature]];
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
