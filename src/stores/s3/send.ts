/** The requests of {@linkcode S3Store}: signed, their answers read. Loaded with the first of them. */
import type { HttpStreamBody } from "../../http/body.ts";
import type { HttpLayer, HttpRequest, HttpResponse } from "../../http/service.ts";
import type { HeaderEntry, HeaderList } from "../../http/headers.ts";
import { lazyLayer } from "../../http/layers/lazy.ts";
import type { RetryState } from "../../http/retry/state.ts";
import type { Path } from "../../store/path.ts";
import type { OperationOptions } from "../../store/types.ts";
import type { Connection } from "../common/connection.ts";
import { type ErrorClass, type FailureContext, responseError, transportError } from "../common/error.ts";
import { connectionOf as connectionOfPending } from "../common/open_connection.ts";
import { encodeQuery, encodeUnreserved } from "../common/url.ts";
import { authorize, type SigningState } from "./signing/authorize.ts";
import { type S3Client, STORE } from "./client.ts";
import { lazyCredentials } from "./credentials/provider.ts";
import { readS3Error } from "./errors/read_error.ts";
import { resolveCredentials } from "./credentials/resolve.ts";

/** Query parameters; one without a value stands alone. */
export type Query = readonly (readonly [name: string, value?: string])[];

/** A request of an operation. */
export interface S3Request {
  readonly method: string;
  /** What errors say is being done. */
  readonly action: string;
  /** The object; the bucket itself where absent. */
  readonly path?: Path;
  readonly query?: Query;
  readonly headers?: HeaderList;
  /** Chunks can be sent again; a stream brings its own headers. */
  readonly body?: readonly Uint8Array[] | HttpStreamBody;
  /** Its checksum is sent as a header, computed here unless `checksum` says it. */
  readonly checksummed?: boolean;
  readonly checksum?: string;
  readonly idempotent?: boolean;
  /** Statuses, beside success, that the caller deals with. */
  readonly accept?: readonly number[];
  /** Statuses that mean something else for this operation. */
  readonly kinds?: Readonly<Record<number, ErrorClass>>;
  readonly options: OperationOptions;
  /** Retries counted together with other requests of the operation. */
  readonly retries?: RetryState;
}

/** What is known of the client's service. */
export function stateOf(client: S3Client): SigningState {
  return client.state ??= newState(client);
}

function newState(client: S3Client): SigningState {
  const { options, configured: endpoint } = client;
  const state = { endpoint, skew: 0, credentials: resolveCredentials(options) };
  if (endpoint.zone === undefined || options.skipSignature) return state;
  const session = lazyCredentials(async () =>
    (await import("./credentials/session.ts")).sessionCredentials(client, layerOf(client, state), state)
  );
  return { ...state, session };
}

/** The client's connection, made when it is first asked for. */
export function connectionOf(client: S3Client): Connection {
  return client.connection.opened ??
    connectionOfPending(client.connection, () => layerOf(client, stateOf(client)));
}

function layerOf({ options }: S3Client, state: SigningState): HttpLayer {
  return options.serverSideEncryption === "sse-c"
    ? (inner) => lazyLayer(authorize(state)(inner), loadKeyDigests)
    : authorize(state);
}

async function loadKeyDigests(): Promise<HttpLayer> {
  return (await import("./signing/key_digest.ts")).withKeyDigests;
}

/** URL of an object, as configured; the signing layer knows better where the bucket has moved. */
export function objectUrl({ configured }: S3Client, path: Path, query?: Query): string {
  const url = `${configured.url}/${encodeUnreserved(path)}`;
  return query === undefined ? url : url + queryOf(query);
}

/** URL of the bucket itself, as configured. */
function bucketUrl({ configured: { url, pathStyle } }: S3Client, query: Query): string {
  // In the path a slash after the bucket would begin an empty key on some services; a host needs it.
  return `${url}${pathStyle ? "" : "/"}${queryOf(query)}`;
}

const REQUEST_PAYER: readonly HeaderEntry[] = [["x-amz-request-payer", "requester"]];

/** Headers of all requests. */
function commonHeaders({ options }: S3Client): readonly HeaderEntry[] {
  return options.requestPayer ? REQUEST_PAYER : [];
}

/** Headers that reads of objects carry beside those of their options. */
export function readHeaders(client: S3Client, whole: boolean): readonly HeaderEntry[] {
  const common = commonHeaders(client);
  const { key } = client.encryption;
  if (!whole || !client.verify) return key.length === 0 ? common : [...common, ...key];
  return [...common, ...key, ["x-amz-checksum-mode", "ENABLED"]];
}

/** Sends a request; a status that is neither a success nor accepted becomes its error. */
export async function send(client: S3Client, request: S3Request): Promise<HttpResponse> {
  const { signal } = request.options;
  let response: HttpResponse;
  try {
    signal?.throwIfAborted();
    const made = httpRequest(client, request);
    response = await connectionOf(client).service.call(made instanceof Promise ? await made : made);
  } catch (error) {
    throw transportError(error, failureOf(request), signal);
  }
  const { status } = response;
  if ((status >= 200 && status < 300) || request.accept?.includes(status)) return response;
  throw await responseError(response, failureOf(request));
}

/** Sends a request and frees its response. */
export async function run(client: S3Client, request: S3Request): Promise<HttpResponse> {
  const response = await send(client, request);
  // What S3 sends after a put is empty or a few bytes: reading them keeps the connection.
  try {
    await response.bytes();
  } catch {
    await response.cancel().catch(() => {});
  }
  return response;
}

function httpRequest(client: S3Client, request: S3Request): HttpRequest | Promise<HttpRequest> {
  const { method, path, query, body, options, idempotent, retries } = request;
  const headers: HeaderEntry[] = [...commonHeaders(client), ...(request.headers ?? [])];
  const url = path === undefined ? bucketUrl(client, query ?? []) : objectUrl(client, path, query);
  const { signal, extensions } = options;
  const made = { method, url, headers, body, idempotent, signal, extensions, retries };
  if (body === undefined || "stream" in body) return made;
  const described = {
    chunks: body,
    checksum: request.checksummed && client.checksum !== undefined
      ? { algorithm: client.checksum, value: request.checksum }
      : undefined,
    unsigned: client.unsigned,
  };
  const added = bodies === undefined
    ? loadBodies().then((loaded) => loaded.addBodyHeaders(headers, described))
    : bodies.addBodyHeaders(headers, described);
  return added === undefined ? made : added.then(() => made);
}

let bodies: typeof import("./signing/request_body.ts") | undefined;

async function loadBodies(): Promise<typeof import("./signing/request_body.ts")> {
  return bodies ??= await import("./signing/request_body.ts");
}

/** How failures of a request are told. */
export function failureOf({ action, path, kinds }: S3Request): FailureContext {
  return { store: STORE, action, path, kinds, readError: readS3Error };
}

function queryOf(query: Query): string {
  if (query.length === 0) return "";
  return `?${
    query.map(([name, value]) =>
      value === undefined ? encodeQuery(name) : `${encodeQuery(name)}=${encodeQuery(value)}`
    )
      .join("&")
  }`;
}
