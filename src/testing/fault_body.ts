/** Bodies that break at a given byte. */
import { bodyLength, type HttpBody, isStreamBody } from "../http/body.ts";
import type { HttpRequest, HttpResponse } from "../http/service.ts";
import { HttpError } from "../http/error.ts";
import type { HeaderList } from "../http/headers.ts";
import type { BodyPiece, BodySource } from "../http/response.ts";
import type { Fault } from "./fault_plan.ts";

/** The body of a response on its way through a fault. */
export class FaultyBody implements BodySource {
  readonly #response: HttpResponse;
  readonly #fault: Fault;
  readonly #request: HttpRequest;
  readonly #fired: () => void;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** Where in the body the fault is. */
  readonly #at: number;
  #passed = 0;
  #rest: Uint8Array | undefined;
  #trailers: HeaderList = [];
  #over = false;
  #wake: () => void = () => {};

  /** `fired` is called when the fault takes effect. */
  constructor(response: HttpResponse, fault: Fault, request: HttpRequest, fired: () => void) {
    this.#response = response;
    this.#fault = fault;
    this.#request = request;
    this.#fired = fired;
    this.#reader = response.body.getReader();
    const offset = "after" in fault ? fault.after ?? 0 : "at" in fault ? fault.at : 0;
    this.#at = Math.max(0, Math.min(offset, (response.contentLength ?? Infinity) - 1));
    if (fault.kind === "slow") fired();
  }

  /** See {@linkcode BodySource.read}. */
  async read(): Promise<BodyPiece> {
    const fault = this.#fault;
    if (fault.kind === "slow") await this.#pause(fault.delay);
    const breaks = fault.kind === "reset" || fault.kind === "truncate" || fault.kind === "stall";
    if (breaks && this.#passed >= this.#at) return await this.#break();
    const piece = await this.#next(fault.kind === "slow" ? fault.pieceSize : undefined);
    if (piece === undefined) return breaks ? await this.#break() : { done: true };
    if (breaks && this.#passed + piece.byteLength > this.#at) {
      const value = piece.subarray(0, this.#at - this.#passed);
      this.#passed = this.#at;
      return { done: false, value };
    }
    const start = this.#passed;
    this.#passed += piece.byteLength;
    if (fault.kind !== "corrupt" || this.#at < start || this.#at >= this.#passed) {
      return { done: false, value: piece };
    }
    const value = piece.slice();
    value[this.#at - start]! ^= 0x55;
    this.#fired();
    return { done: false, value };
  }

  /** See {@linkcode BodySource.cancel}. */
  async cancel(reason: unknown): Promise<void> {
    this.#over = true;
    this.#wake();
    await this.#response.cancel(reason);
  }

  /** See {@linkcode BodySource.trailers}. */
  trailers(): HeaderList {
    return this.#trailers;
  }

  async #next(pieceSize: number | undefined): Promise<Uint8Array | undefined> {
    let piece = this.#rest;
    this.#rest = undefined;
    if (piece === undefined) {
      const { done, value } = await this.#reader.read();
      if (done) {
        this.#trailers = await this.#response.trailers;
        return undefined;
      }
      piece = value;
    }
    if (pieceSize === undefined || piece.byteLength <= pieceSize) return piece;
    this.#rest = piece.subarray(pieceSize);
    return piece.subarray(0, pieceSize);
  }

  async #break(): Promise<BodyPiece> {
    this.#fired();
    if (this.#fault.kind === "stall") {
      const aborted = this.#request.signal;
      aborted?.addEventListener("abort", this.#wakeUp);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (this.#over || aborted?.aborted) resolve();
      });
      aborted?.removeEventListener("abort", this.#wakeUp);
      if (aborted?.aborted) throw aborted.reason;
      return { done: true };
    }
    const error = this.#fault.kind === "truncate"
      ? broken(
        "interrupted",
        "HTTP-response-incomplete",
        this.#request,
        `response ended after ${this.#at} bytes`,
      )
      : broken(
        "interrupted",
        "connection-terminated",
        this.#request,
        `connection reset after ${this.#at} bytes`,
      );
    await this.#response.cancel(error);
    throw error;
  }

  readonly #wakeUp = (): void => this.#wake();

  /** Ends early when the body is given up. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The body, failing with `error` after so many bytes; bytes that have no more than that go out as they are. */
export function breakingBody(
  body: HttpBody | undefined,
  after: number,
  error: HttpError,
): HttpBody | undefined {
  if (body === undefined) return undefined;
  const length = bodyLength(body);
  if (!isStreamBody(body) && length !== undefined && length <= after) return body;
  const source = isStreamBody(body) ? body.stream : streamOf(body instanceof Uint8Array ? [body] : body);
  const reader = source.getReader();
  let left = after;
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) {
        controller.close();
        return;
      }
      if (value.byteLength <= left) {
        left -= value.byteLength;
        controller.enqueue(value);
        return;
      }
      if (left > 0) controller.enqueue(value.subarray(0, left));
      left = 0;
      controller.error(error);
      await reader.cancel(error);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
  return { stream, length };
}

function streamOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  const left = [...chunks];
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = left.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  }, { highWaterMark: 0 });
}

/** An error as a real one of its kind would be. */
export function broken(
  kind: HttpError["kind"],
  tag:
    | "connection-refused"
    | "connection-terminated"
    | "HTTP-response-incomplete"
    | "connection-read-timeout",
  { method, url }: HttpRequest,
  what: string,
): HttpError {
  // The URL without its query, which may be signed.
  return new HttpError(
    kind,
    `Cannot send ${method} ${url.replace(/[?#].*$/s, "")}: ${what} (injected fault)`,
    {
      detail: { tag },
    },
  );
}
