/** The requests of {@linkcode S3Store}: one bucket, signed, its answers read. */
import { FetchConnector } from "../../http/fetch.ts";
import type { HttpStreamBody } from "../../http/body.ts";
import type { HttpLayer, HttpRequest, HttpResponse, HttpService } from "../../http/connector.ts";
import type { HeaderEntry, HeaderList } from "../../http/headers.ts";
import { lazyLayer } from "../../http/lazy_layer.ts";
import type { RetryState } from "../../http/retry_state.ts";
import type { Path } from "../../store/path.ts";
import type { OperationOptions } from "../../store/types.ts";
import { type Connection, openConnection } from "../common/connection.ts";
import { type ErrorClass, type FailureContext, responseError, transportError } from "../common/error.ts";
import { encodeUnreserved } from "../common/url.ts";
import { authorize, serviceDate, type SigningState } from "./authorize.ts";
import { strictEncode } from "./canonical.ts";
import type { ChecksumAlgorithm } from "./checksum/checksum.ts";
import { lazyCredentials } from "./credential.ts";
import { resolveCredentials } from "./credential_options.ts";
import { type EncryptionHeaders, encryptionHeaders } from "./encryption.ts";
import { resolveEndpoint, type S3Endpoint } from "./endpoint.ts";
import { readS3Error, STORE } from "./error.ts";
import type { S3StoreOptions } from "./options.ts";
import type { S3Provider } from "./provider.ts";

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

/** One bucket. */
export class S3Client {
  readonly options: S3StoreOptions;
  readonly provider: S3Provider;
  readonly connection: Connection;
  readonly encryption: EncryptionHeaders;
  /** Checksum sent with what is written. */
  readonly checksum: ChecksumAlgorithm | undefined;
  /** Whether whole objects are read with their checksums. */
  readonly verify: boolean;
  readonly state: SigningState;
  /** Whether TLS is what protects payloads. */
  readonly unsigned: boolean;
  readonly #common: readonly HeaderEntry[];
  readonly #sessions: HttpService | undefined;
  /** The bucket's URL as configured; the signing layer knows better where it has moved. */
  readonly #url: string;

  /** Connects. */
  constructor(options: S3StoreOptions) {
    this.options = options;
    const endpoint = resolveEndpoint(options);
    this.provider = endpoint.provider;
    const checksum = options.checksumAlgorithm ?? this.provider.checksum;
    this.checksum = checksum === "none" ? undefined : checksum;
    this.verify = options.verifyChecksums ?? this.provider.checksumMode;
    this.encryption = encryptionHeaders(options, endpoint.url);
    this.#url = endpoint.url;
    const secure = endpoint.url.startsWith("https:");
    this.unsigned = options.unsignedPayload ?? (secure && this.checksum !== undefined);
    this.#common = options.requestPayer ? [["x-amz-request-payer", "requester"]] : [];
    const connector = options.connector ?? new FetchConnector();
    const layer = (state: SigningState): HttpLayer =>
      options.serverSideEncryption === "sse-c"
        ? (inner) => lazyLayer(authorize(state)(inner), loadKeyDigests)
        : authorize(state);
    const credentials = resolveCredentials(options);
    const base: SigningState = { endpoint, skew: 0, credentials };
    if (endpoint.zone === undefined || options.skipSignature) {
      this.state = base;
    } else {
      const sessions = this.#sessions = openConnection(connector, options.client, layer(base)).service;
      const session = lazyCredentials(async () => {
        const { sessionCredentials } = await import("./session.ts");
        return sessionCredentials(
          sessions,
          this.#url,
          this.encryption.write,
          () => serviceDate(base).getTime(),
        );
      });
      this.state = { ...base, session };
    }
    this.connection = openConnection(connector, options.client, layer(this.state));
  }

  /** Where the bucket is, as far as known. */
  get endpoint(): S3Endpoint {
    return this.state.endpoint;
  }

  /** URL of an object, as configured. */
  objectUrl(path: Path, query?: Query): string {
    const url = `${this.#url}/${encodeUnreserved(path)}`;
    return query === undefined ? url : url + queryOf(query);
  }

  /** URL of the bucket itself, as configured. */
  bucketUrl(query: Query): string {
    // In the path a slash after the bucket would begin an empty key on some services; a host needs it.
    return `${this.#url}${this.endpoint.pathStyle ? "" : "/"}${queryOf(query)}`;
  }

  /** Headers that reads of objects carry beside those of their options. */
  readHeaders(whole: boolean): readonly HeaderEntry[] {
    const { key } = this.encryption;
    if (!whole || !this.verify) return key.length === 0 ? this.#common : [...this.#common, ...key];
    return [...this.#common, ...key, ["x-amz-checksum-mode", "ENABLED"]];
  }

  /** Sends a request; a status that is neither a success nor accepted becomes its error. */
  async send(request: S3Request): Promise<HttpResponse> {
    const { signal } = request.options;
    let response: HttpResponse;
    try {
      signal?.throwIfAborted();
      const given = this.#request(request);
      response = await this.connection.service.call(given instanceof Promise ? await given : given);
    } catch (error) {
      throw transportError(error, failureOf(request), signal);
    }
    const { status } = response;
    if ((status >= 200 && status < 300) || request.accept?.includes(status)) return response;
    throw await responseError(response, failureOf(request));
  }

  /** Sends a request and frees its response. */
  async run(request: S3Request): Promise<HttpResponse> {
    const response = await this.send(request);
    // What S3 sends after a put is empty or a few bytes: reading them keeps the connection.
    try {
      await response.bytes();
    } catch {
      await response.cancel().catch(() => {});
    }
    return response;
  }

  /** Loads what requests with a body need. */
  async loadBodies(): Promise<void> {
    const { loadChecksums } = await loadBodies();
    if (this.checksum !== undefined) await loadChecksums();
  }

  /** Closes pooled connections. */
  close(): void {
    this.connection.service.close?.();
    this.#sessions?.close?.();
  }

  #request(request: S3Request): HttpRequest | Promise<HttpRequest> {
    const { method, path, query, body, options, idempotent, retries } = request;
    const headers: HeaderEntry[] = [...this.#common, ...(request.headers ?? [])];
    const url = path === undefined ? this.bucketUrl(query ?? []) : this.objectUrl(path, query);
    const { signal, extensions } = options;
    const made = { method, url, headers, body, idempotent, signal, extensions, retries };
    if (body === undefined || "stream" in body) return made;
    const described = {
      chunks: body,
      checksum: request.checksummed && this.checksum !== undefined
        ? { algorithm: this.checksum, value: request.checksum }
        : undefined,
      unsigned: this.unsigned,
    };
    const added = bodies === undefined
      ? loadBodies().then((loaded) => loaded.addBodyHeaders(headers, described))
      : bodies.addBodyHeaders(headers, described);
    return added === undefined ? made : added.then(() => made);
  }
}

async function loadKeyDigests(): Promise<HttpLayer> {
  return (await import("./key_digest.ts")).withKeyDigests;
}

let bodies: typeof import("./request_body.ts") | undefined;

async function loadBodies(): Promise<typeof import("./request_body.ts")> {
  return bodies ??= await import("./request_body.ts");
}

/** How failures of a request are told. */
export function failureOf({ action, path, kinds }: S3Request): FailureContext {
  return { store: STORE, action, path, kinds, readError: readS3Error };
}

function queryOf(query: Query): string {
  if (query.length === 0) return "";
  return `?${
    query.map(([name, value]) =>
      value === undefined ? strictEncode(name) : `${strictEncode(name)}=${strictEncode(value)}`
    )
      .join("&")
  }`;
}
