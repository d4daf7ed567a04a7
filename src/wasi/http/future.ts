/** `wasi:http/types.future-incoming-response`: a request on its way. */
import { Resource } from "../abi/handles.ts";
import type { ResultValue } from "../abi/types.ts";
import type { HttpRequest } from "../../http/service.ts";
import { HttpError } from "../../http/error.ts";
import type { Instance } from "../instance.ts";
import { type Waitable, Wakers } from "../io/poll.ts";
import type { HttpAccess } from "./access.ts";
import { type ErrorCode, errorCodeOf } from "./error_code.ts";
import { sectionSize } from "./fields.ts";
import { IncomingResponse } from "./incoming.ts";
import type { OutgoingBody } from "./outgoing_body.ts";

/** What a settled future holds. */
export type ResponseResult = ResultValue<IncomingResponse, ErrorCode>;

/** `future-incoming-response` */
export class FutureIncomingResponse extends Resource implements Waitable {
  readonly #wakers = new Wakers();
  readonly #abort = new AbortController();
  #settled: ResponseResult | undefined;
  #given = false;
  #gone = false;
  #start: (() => void) | undefined;
  #discard: () => void = () => {};
  #forget: () => void = () => {};
  #release: () => void = () => {};

  /** One that has failed before anything was sent. */
  static failed(error: ErrorCode): FutureIncomingResponse {
    const future = new FutureIncomingResponse();
    future.#settled = { tag: "err", val: error };
    return future;
  }

  /**
   * Sends a request. One whose body has been taken but not yet ended is held back until the body has ended, its
   * window is full, the guest waits, or the event loop turns: most guests have written all by then, so that an
   * empty body is none at all and a short one goes out in one piece.
   */
  static send(
    instance: Instance,
    access: HttpAccess,
    request: HttpRequest,
    body: OutgoingBody | undefined,
  ): FutureIncomingResponse {
    const future = new FutureIncomingResponse();
    future.#forget = instance.onEnd(() => future.#stop());
    future.#release = access.acquire();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const start = () => {
      if (future.#start === undefined) return;
      future.#start = undefined;
      clearTimeout(timer);
      void future.#run(instance, access, withBody(request, body, !access.overFetch), body);
    };
    future.#start = start;
    future.#discard = () => {
      future.#start = undefined;
      clearTimeout(timer);
      body?.pipe.cancel();
    };
    if (body === undefined) start();
    else {
      body.sent = true;
      if (body.pipe.ended || body.pipe.full) start();
      else {
        body.pipe.onProgress(start);
        timer = setTimeout(start, 0);
      }
    }
    return future;
  }

  ready(): boolean {
    this.#start?.();
    return this.#settled !== undefined;
  }

  wait(wake: () => void): () => void {
    this.#start?.();
    return this.#wakers.add(wake);
  }

  /** `get` */
  get(): ResultValue<ResponseResult, undefined> | undefined {
    this.#start?.();
    if (this.#settled === undefined) return undefined;
    if (this.#given) return { tag: "err", val: undefined };
    this.#given = true;
    return { tag: "ok", val: this.#settled };
  }

  override drop(): void {
    this.#stop();
  }

  /** Aborts what has not settled; gives up a response that the guest never took. What it took is its own. */
  #stop(): void {
    if (this.#gone) return;
    this.#gone = true;
    if (this.#start !== undefined) this.#discard(); // never sent: nothing to abort
    if (this.#settled === undefined) {
      this.#abort.abort(new HttpError("request", "The guest gave up the request"));
      this.#release();
    } else if (!this.#given && this.#settled.tag === "ok") {
      this.#settled.val.drop();
    }
    this.#forget();
  }

  async #run(
    instance: Instance,
    access: HttpAccess,
    request: HttpRequest,
    body: OutgoingBody | undefined,
  ): Promise<void> {
    let result: ResponseResult;
    try {
      const response = await access.call({ ...request, signal: this.#abort.signal });
      const size = sectionSize(response.headers);
      if (this.#gone || size > instance.limits.fieldBytes) {
        void response.cancel().catch(() => {});
        response.trailers.catch(() => {});
        this.#release();
        result = { tag: "err", val: { tag: "HTTP-response-header-section-size", val: size } };
      } else {
        // From here on the body holds the place among the requests under way, and is stopped with the instance.
        const release = this.#release;
        const incoming = new IncomingResponse(instance, response, () => {
          forget();
          release();
        });
        const forget = instance.onEnd(() => void response.cancel().catch(() => {}));
        result = { tag: "ok", val: incoming };
      }
    } catch (error) {
      this.#release();
      access.noteFailure(request.url, error);
      body?.pipe.cancel();
      // A body that its guest gave up is why, whatever the connector made of it.
      result = { tag: "err", val: errorCodeOf(body?.pipe.failure ?? error) };
    }
    if (this.#gone) return;
    this.#settled = result;
    this.#forget();
    this.#wakers.wake();
  }
}

/** The request with what is there of its body. */
function withBody(
  request: HttpRequest,
  body: OutgoingBody | undefined,
  carriesTrailers: boolean,
): HttpRequest {
  if (body === undefined) return request;
  const { pipe, declared } = body;
  const whole = pipe.takeWhole();
  const trailers = () => body.trailers;
  if (whole !== undefined) {
    if (whole.length === 0 && body.trailers.length === 0) return request;
    if (declared !== undefined) return { ...request, body: whole };
    return { ...request, body: { stream: once(whole) }, ...(body.trailers.length > 0 && { trailers }) };
  }
  if (declared !== undefined) return { ...request, body: { stream: pipe.stream(), length: declared } };
  // Not over `fetch`, which refuses a request that may have trailers; the guest is told when it gives some.
  body.carriesTrailers = carriesTrailers;
  return { ...request, body: { stream: pipe.stream() }, ...(carriesTrailers && { trailers }) };
}

/** A stream of one piece: without a declared length the body goes out chunked, as the guest said. */
function once(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}
