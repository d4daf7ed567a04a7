/** Observes the end of a response body, for layers that hold or count something until then. */
import { type HeaderList, headerOf } from "../headers.ts";
import type { HttpRequest, HttpResponse } from "../service.ts";

/** Told once, when the body of a response is over, in whichever of the three ways comes first. */
export interface BodyObserver {
  /** It ended whole. `bytes` were received. */
  ended(bytes: number): void;
  /** It was given up after `bytes`. */
  cancelled(bytes: number): void;
  /** It failed after `bytes`. */
  failed(error: unknown, bytes: number): void;
}

/**
 * The response with an observer on its body. `bytes()` and `text()` still take the inner response's fast way.
 * A response that cannot have a body (HEAD, 204, 304, `content-length: 0`) counts as ended at once, since
 * callers often do not touch it.
 */
export function observeBody(
  request: HttpRequest,
  response: HttpResponse,
  observer: BodyObserver,
): HttpResponse {
  const { status } = response;
  if (request.method === "HEAD" || status === 204 || status === 304 || response.contentLength === 0) {
    observer.ended(0);
    return response;
  }
  return new ObservedResponse(response, observer);
}

class ObservedResponse implements HttpResponse {
  readonly #inner: HttpResponse;
  #observer: BodyObserver | undefined;
  #stream: ReadableStream<Uint8Array> | undefined;
  #received = 0;
  /** Whether somebody consumes the body: a second consumer's refusal by the inner response is not its failure. */
  #taken = false;

  constructor(inner: HttpResponse, observer: BodyObserver) {
    this.#inner = inner;
    this.#observer = observer;
  }

  get status(): number {
    return this.#inner.status;
  }
  get headers(): HeaderList {
    return this.#inner.headers;
  }
  header(name: string): string | undefined {
    return headerOf(this.#inner, name);
  }
  get decoded(): boolean {
    return this.#inner.decoded;
  }
  get contentLength(): number | undefined {
    return this.#inner.contentLength;
  }
  get trailers(): Promise<HeaderList> {
    return this.#inner.trailers;
  }
  get body(): ReadableStream<Uint8Array> {
    return this.#stream ??= this.#observedStream();
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#taken) return await this.#inner.bytes();
    this.#taken = true;
    try {
      const bytes = await this.#inner.bytes();
      this.#settle()?.ended(bytes.byteLength);
      return bytes;
    } catch (error) {
      this.#settle()?.failed(error, this.#received);
      throw error;
    }
  }

  get bytesInto(): HttpResponse["bytesInto"] {
    return this.#inner.bytesInto === undefined ? undefined : this.#bytesInto;
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  async cancel(reason?: unknown): Promise<void> {
    try {
      await this.#inner.cancel(reason);
    } finally {
      this.#settle()?.cancelled(this.#received);
    }
  }

  async #bytesInto(target: Uint8Array, told: (placed: number) => void): Promise<void> {
    if (this.#taken) return await this.#inner.bytesInto!(target, told);
    this.#taken = true;
    try {
      await this.#inner.bytesInto!(target, (placed) => {
        this.#received = placed;
        told(placed);
      });
      this.#settle()?.ended(this.#received);
    } catch (error) {
      this.#settle()?.failed(error, this.#received);
      throw error;
    }
  }

  #settle(): BodyObserver | undefined {
    const observer = this.#observer;
    this.#observer = undefined;
    return observer;
  }

  #observedStream(): ReadableStream<Uint8Array> {
    // Locked at the first read only: looking at `body` alone must not forbid `bytes()`.
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        if (reader === undefined) {
          reader = this.#inner.body.getReader();
          this.#taken = true;
        }
        try {
          const { done, value } = await reader.read();
          if (done) {
            this.#settle()?.ended(this.#received);
            controller.close();
          } else {
            this.#received += value.byteLength;
            controller.enqueue(value);
          }
        } catch (error) {
          this.#settle()?.failed(error, this.#received);
          throw error;
        }
      },
      cancel: async (reason) => {
        try {
          await (reader === undefined ? this.#inner.cancel(reason) : reader.cancel(reason));
        } finally {
          this.#settle()?.cancelled(this.#received);
        }
      },
      // No reading ahead: back-pressure is the caller's.
    }, { highWaterMark: 0 });
  }
}
