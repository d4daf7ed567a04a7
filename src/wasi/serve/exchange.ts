/** One request and its answer, in the form in which they pass between a server's socket, its queue and a guest. */
import type { HeaderList } from "../../http/headers.ts";

/** A body that is read piece by piece: nothing is read ahead. */
export interface BodySource {
  /** The next piece; `undefined` at the end. Rejects when the rest will never come. */
  read(): Promise<Uint8Array | undefined>;
  /** Gives up the rest. May be called at any time, and twice. */
  cancel(): void;
}

/** A request as it arrived. */
export interface ServedRequest {
  /** Method, in the case received. */
  readonly method: string;
  /** Scheme of the server. */
  readonly scheme: "http" | "https";
  /** Of an absolute request target, or the `host` header. */
  readonly authority: string;
  /** Path and query as received: neither dot segments nor percent escapes are touched. */
  readonly path: string;
  /** Header lines as received. */
  readonly headers: HeaderList;
  /** The body; none for `undefined`. */
  readonly body: BodySource | Uint8Array | undefined;
  /** The trailers, asked for after the body; where the server side can see them. */
  readonly trailers?: () => HeaderList | Promise<HeaderList>;
}

/** A guest's answer. */
export interface ServedResponse {
  /** Status code, 100–999. */
  readonly status: number;
  /** Header lines in the guest's order. */
  readonly headers: HeaderList;
  /** The body; whole where it was complete when the head went out. A body that is read must be cancelled or ended. */
  readonly body: BodySource | Uint8Array | undefined;
  /** The trailers, once the body has ended. */
  readonly trailers: () => HeaderList;
}

/** What adapters tell of a client, besides its request. */
export interface ExchangeContext {
  /** Its address, for the log. */
  readonly remote?: string;
  /** Calls its argument when the client goes away before it has been answered. */
  readonly onGone?: (gone: () => void) => void;
}

/** Answers a request; never rejects. */
export type Exchange = (request: ServedRequest, context: ExchangeContext) => Promise<ServedResponse>;

/** Whether a body is read piece by piece. */
export function isSource(body: ServedResponse["body"]): body is BodySource {
  return body !== undefined && !(body instanceof Uint8Array);
}

/** A platform's stream as a source. It is opened when first read. */
export function streamSource(stream: ReadableStream<Uint8Array>): BodySource {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let over = false;
  return {
    async read() {
      if (over) return undefined;
      reader ??= stream.getReader();
      const { done, value } = await reader.read();
      if (done) over = true;
      return value;
    },
    cancel() {
      if (over) return;
      over = true;
      (reader ?? stream).cancel().catch(() => {});
    },
  };
}
