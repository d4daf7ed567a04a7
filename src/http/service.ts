/** The contract that everything on the network goes through: a service takes requests and gives responses. */
import type { HttpBody } from "./body.ts";
import type { HeaderList } from "./headers.ts";
import type { RetryHistory } from "./retry/history.ts";
import type { HttpTimeouts } from "./timeouts.ts";

/** A request, as it shall stand on the wire. Plain data: layers make changed copies with `{ ...request }`. */
export interface HttpRequest {
  /** RFC 9110 method, sent in the case given. */
  readonly method: string;
  /**
   * Absolute `http:` or `https:` URL. The part after the authority is sent as written; a connector that would
   * change it (dot segments, over `fetch`) refuses instead.
   */
  readonly url: string;
  /** Header lines. `host`, `content-length` and `accept-encoding: identity` are added where absent. */
  readonly headers: HeaderList;
  /** The body; none for `undefined`. */
  readonly body?: HttpBody;
  /** Trailer fields, asked for once the body has been sent. Not every connector can carry them. */
  readonly trailers?: () => HeaderList | Promise<HeaderList>;
  /** Ends the request, and the reading of its response, at once. */
  readonly signal?: AbortSignal;
  /** Timeouts of this request alone, over those of the client. */
  readonly timeouts?: HttpTimeouts;
  /**
   * Whether sending twice is the same as sending once, for retries. Default: by the method (RFC 9110 section
   * 9.2.2: GET, HEAD, OPTIONS, PUT, DELETE, and PROPFIND).
   */
  readonly idempotent?: boolean;
  /** Which attempt this is, 0 (the default) for the first; set by the retry layer, for traces. */
  readonly attempt?: number;
  /**
   * Retries counted together with other requests of one operation, such as a download that resumes: a `RetryState`, of
   * which this is what the retry layer asks.
   */
  readonly retries?: {
    /** Retries granted so far. */
    readonly retries: number;
    /** Grants a retry and returns the pause before it in milliseconds, or refuses it with `undefined`. */
    plan(failure: {
      readonly request?: HttpRequest;
      readonly response?: HttpResponse;
      readonly error?: unknown;
    }): number | undefined;
    /** What has been tried until now. */
    history(): RetryHistory;
  };
  /** Handed through every layer unread, for the caller's own connector or trace hooks: a tracing context, say. */
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/**
 * A response head and the means to its body. Exactly one of `body`, `bytes()`, `text()` and `cancel()` is used,
 * and one of them must be: an unread body holds its connection.
 */
export interface HttpResponse {
  /** Status code, 200–999 (informational responses are not shown). */
  readonly status: number;
  /** Header lines as received. */
  readonly headers: HeaderList;
  /**
   * The first value of a header field, in lower case; some connectors find it without making the list, which costs more
   * than all else that a small read does. Not all have it: ask with `headerOf`.
   */
  header?(name: string): string | undefined;
  /**
   * True where the platform undid a `content-encoding` and could not be told not to: the body is then not what
   * the headers describe, and `contentLength` is unknown.
   */
  readonly decoded: boolean;
  /** Declared length of the body in bytes, where one was declared and describes the body delivered. */
  readonly contentLength: number | undefined;
  /** The body as it comes, with back-pressure. Ending short of the declared length is an error. */
  readonly body: ReadableStream<Uint8Array>;
  /** Resolves with the trailer fields when the body has ended; empty where there are none or none can be seen. */
  readonly trailers: Promise<HeaderList>;
  /** The whole body in one buffer: of the declared length where there is one, which is the fast way. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * The whole body, read into the beginning of `target`, in place of `bytes()`. `told` hears how many bytes stand there
   * by now: what came before a failure is not lost. A body for which there is no room is an error. Not all have it.
   */
  bytesInto?(target: Uint8Array, told: (placed: number) => void): Promise<void>;
  /** The whole body as UTF-8 text. */
  text(): Promise<string>;
  /** Gives up the body and frees or closes the connection. May be called at any time, and twice. */
  cancel(reason?: unknown): Promise<void>;
}

/**
 * Sends requests. Made by a connector; layers (retry, policy, trace, …) are functions from service to service.
 */
export interface HttpService {
  /**
   * Sends one request and resolves when the response head is there. Statuses never reject; redirects are never
   * followed.
   *
   * @throws {HttpError} when no response head came.
   */
  call(request: HttpRequest): Promise<HttpResponse>;
  /** Closes pooled connections. Requests under way are not disturbed. */
  close?(): void;
}

/** A layer around a service. */
export type HttpLayer = (inner: HttpService) => HttpService;
