/** The requests for an object: the first, and those by which a broken body goes on. */
import type { HttpRequest, HttpResponse } from "../../http/service.ts";
import type { HeaderEntry, HeaderList } from "../../http/headers.ts";
import type { RetryState } from "../../http/retry/state.ts";
import { GenericError, type ObjectStoreError } from "../../store/error.ts";
import type { Path } from "../../store/parse_path.ts";
import { formatRange, type GetRange } from "../../store/range.ts";
import type { GetOptions } from "../../store/types.ts";
import type { Connection } from "./connection.ts";
import { conditionalHeaders } from "./condition_headers.ts";
import { type ErrorClass, failed, type FailureContext, transportError } from "./error.ts";
import { REDIRECTS } from "./redirects.ts";

/** How a service speaks about objects. */
export interface GetDialect {
  /** Short name of the store. */
  readonly store: string;
  /** Prefix of user metadata headers, in lower case. */
  readonly metadata: string;
  /** Key of metadata, in lower case, that the store writes for itself and callers are not shown. */
  readonly hiddenMetadata?: string;
  /** Response header of the version id, in lower case. */
  readonly version?: string;
  /** Statuses that mean something else here: `{ 405: NotFoundError }`. */
  readonly kinds?: Readonly<Record<number, ErrorClass>>;
  /** Finds the service's own words in an error response. */
  readonly readError?: FailureContext["readError"];
  /** Follows a redirect; by default one is an error. */
  readonly follow?: (
    connection: Connection,
    request: HttpRequest,
    response: HttpResponse,
    path: Path,
  ) => Promise<HttpResponse>;
  /** Makes the error of a service that answers a range with the whole object. Default a `GenericError`. */
  readonly rangeIgnored?: ErrorClass;
}

/** Where an object is asked for. */
export interface GetTarget {
  /** Its path. */
  readonly path: Path;
  /** Its URL, with the query of a version where there is one. */
  readonly url: string;
  /** Headers beside those of the options: keys of encryption, say. They are sent again when a body is resumed. */
  readonly headers?: HeaderList;
}

/** One GET or HEAD: what was asked for, and how it is sent. */
export class GetOperation {
  readonly failure: FailureContext;

  constructor(
    readonly connection: Connection,
    readonly dialect: GetDialect,
    readonly target: GetTarget,
    readonly options: GetOptions,
  ) {
    const { store, kinds, readError } = dialect;
    this.failure = {
      store,
      kinds,
      readError,
      action: options.head ? "get the head of" : "get",
      path: target.path,
    };
  }

  /** Sends a request for the object, or for the rest of a body that broke; the answer may be a refusal. */
  async send(
    method: string,
    range?: GetRange,
    ifMatch?: string,
    retries?: RetryState,
    signal: AbortSignal | undefined = this.options.signal,
  ): Promise<HttpResponse> {
    const { target, options, connection, dialect: { follow } } = this;
    const headers: HeaderEntry[] = target.headers === undefined ? [] : [...target.headers];
    if (hasConditions(options)) {
      headers.push(...conditionalHeaders(ifMatch === undefined ? options : { ...options, ifMatch }));
    } else if (ifMatch !== undefined) headers.push(["if-match", ifMatch]);
    if (range !== undefined) headers.push(["range", formatRange(range)]);
    const request: HttpRequest = {
      method,
      url: target.url,
      headers,
      signal,
      retries,
      extensions: options.extensions,
    };
    try {
      const response = await connection.service.call(request);
      if (follow === undefined || !REDIRECTS.has(response.status)) return response;
      return await follow(connection, request, response, target.path);
    } catch (error) {
      throw transportError(error, this.failure, options.signal);
    }
  }

  error(what: string, Kind: ErrorClass = GenericError): ObjectStoreError {
    return new Kind(`${failed(this.failure)}: ${what}`, this.failure);
  }
}

function hasConditions(options: GetOptions): boolean {
  return options.ifMatch !== undefined || options.ifNoneMatch !== undefined ||
    options.ifModifiedSince !== undefined || options.ifUnmodifiedSince !== undefined;
}
