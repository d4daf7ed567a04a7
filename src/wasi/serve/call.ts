/** Calling a guest's `wasi:http/incoming-handler` once. */
import type { HandleTable } from "../abi/handles.ts";
import { GuestExit } from "../error.ts";
import { HttpError } from "../../http/error.ts";
import type { HeaderList } from "../../http/headers.ts";
import type { BodyPipe } from "../http/body_pipe.ts";
import type { BodyOrigin } from "../http/incoming.ts";
import type { OutgoingBody } from "../http/outgoing_body.ts";
import { type HandlerAnswer, IncomingRequest, ResponseOutparam } from "../http/served.ts";
import type { Running } from "../running.ts";
import { CALL_HANDLER } from "../transpile/patch.ts";
import { type BodySource, isSource, type ServedRequest, type ServedResponse } from "./exchange.ts";
import { failureOf, NEVER_SET, ServeFailure } from "./failure.ts";
import type { Job } from "./job.ts";

/** What generated code offers for calling the handler. */
export interface Handler {
  /** Handles of `incoming-request`. */
  readonly requests: HandleTable;
  /** Handles of `response-outparam`. */
  readonly outparams: HandleTable;
  /** The core function. */
  call(request: number, outparam: number): Promise<void>;
}

/** The handler of an instance; `undefined` where it exports none. */
export function handlerOf(running: Running): Handler | undefined {
  return (running.exports as { [CALL_HANDLER]?: Handler })[CALL_HANDLER];
}

const NO_TRAILERS = (): HeaderList => [];

/**
 * Lets the instance handle the job's request. Resolves to whether the instance may be used again, when the guest has
 * returned.
 */
export async function callHandler(
  running: Running,
  handler: Handler,
  job: Job,
  bodyLimit: number,
): Promise<boolean> {
  const { instance } = running;
  let body: OutgoingBody | undefined;
  let answered = false;
  const origin = new RequestBody(job.request, bodyLimit);
  job.onGone(() => {
    // What the client sent will not go on, and nobody reads what is written.
    origin.fail();
    body?.pipe.cancel();
  });
  const request = new IncomingRequest(instance, {
    ...job.request,
    scheme: { tag: job.request.scheme === "https" ? "HTTPS" : "HTTP" },
    body: origin,
  });
  const outparam = new ResponseOutparam((given) => {
    answered ||= given !== undefined;
    if (given?.tag === "ok") body = given.val.taken;
    if (given !== undefined) give(job, given);
  });
  try {
    const handles = [
      instance.resources.create(handler.requests, request),
      instance.resources.create(handler.outparams, outparam),
    ] as const;
    instance.begin();
    await running.call(() => handler.call(handles[0], handles[1]));
    if (!answered) job.failed(new ServeFailure("no-answer", NEVER_SET));
    else if (body !== undefined && isUnfinished(body.pipe)) {
      job.failed(new ServeFailure("unfinished", UNFINISHED));
    }
    return true;
  } catch (error) {
    const failure = error instanceof GuestExit
      ? new ServeFailure("exit", `The guest called exit with code ${error.code} instead of answering`)
      : failureOf(error);
    job.failed(failure);
    return false;
  } finally {
    // Nobody can end it any more: the client must not take it for whole.
    if (body?.pipe.ended === false) {
      body.pipe.abort(new HttpError("request", UNFINISHED));
    }
    origin.close();
  }
}

const UNFINISHED = "The guest returned before the end of its answer's body";

/** Whether the guest left a body open, or dropped it, though somebody reads it. */
function isUnfinished(pipe: BodyPipe): boolean {
  return !pipe.cancelled && (!pipe.ended || pipe.failure !== undefined);
}

/** Hands an answer on; a body that the guest is about to end is waited for, to send it in one piece. */
function give(job: Job, answer: HandlerAnswer): void {
  if (answer.tag === "err") {
    const { tag, val } = answer.val;
    const detail = val === undefined ? "" : ` (${describe(val)})`;
    job.failed(new ServeFailure("error-code", `The guest answered with the error ${tag}${detail}`));
    return;
  }
  const { status, headers, taken: body } = answer.val;
  if (body === undefined) {
    job.answered({ status, headers: headers.list, body: undefined, trailers: NO_TRAILERS });
    return;
  }
  const { pipe } = body;
  body.sent = true;
  if (job.gone) pipe.cancel();
  const send = () => job.answered(responseOf(status, headers.list, body));
  // The guest goes on first, suspended for a microtask or three at each call that might have to wait; most have written
  // all by the time they return or wait.
  const look = (hops: number): void => {
    if (pipe.ended || pipe.full || job.gone) return send();
    if (hops > 0) return queueMicrotask(() => look(hops - 1));
    const forget = pipe.onProgress(() => {
      clearTimeout(timer);
      send();
    });
    const timer = setTimeout(() => {
      forget();
      send();
    }, 0);
  };
  queueMicrotask(() => look(HOPS));
}

/** Microtasks in which the end of a body is looked for before its head goes out without. */
const HOPS = 32;

function describe(value: unknown): string {
  return JSON.stringify(value, (_, part) => typeof part === "bigint" ? String(part) : part);
}

function responseOf(status: number, headers: HeaderList, body: OutgoingBody): ServedResponse {
  const whole = body.pipe.takeWhole();
  return { status, headers, body: whole ?? pipeSource(body.pipe), trailers: () => body.trailers };
}

function pipeSource(pipe: BodyPipe): BodySource {
  const reader = pipe.stream().getReader();
  return {
    async read() {
      const { done, value } = await reader.read();
      return done ? undefined : value;
    },
    cancel: () => void reader.cancel().catch(() => {}),
  };
}

const GONE = new HttpError("interrupted", "The client went away", {
  detail: { tag: "connection-terminated" },
});

/** Streams are made when first read: most requests have no body, and most guests do not look. */
class RequestBody implements BodyOrigin {
  readonly #request: ServedRequest;
  readonly #limit: number;
  #source: BodySource | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #stream: ReadableStream<Uint8Array> | undefined;
  #failed: HttpError | undefined;
  #received = 0;
  #over = false;

  constructor(request: ServedRequest, limit: number) {
    this.#request = request;
    this.#limit = limit;
  }

  get body(): ReadableStream<Uint8Array> {
    return this.#stream ??= this.#open();
  }

  get trailers(): Promise<HeaderList> {
    return Promise.resolve(this.#request.trailers?.() ?? []);
  }

  cancel(): void {
    if (this.#end()) this.#give();
  }

  over(): void {}

  /** The client has gone: what was not read yet fails. */
  fail(): void {
    this.#failed = GONE;
    if (this.#stream !== undefined) this.#fail(GONE);
  }

  /** The guest has returned: what it did not read is given up. */
  close(): void {
    this.cancel();
  }

  #end(): boolean {
    if (this.#over) return false;
    return this.#over = true;
  }

  /** Gives the rest up. */
  #give(): void {
    const { body } = this.#request;
    if (isSource(body)) body.cancel();
    this.#source?.cancel();
  }

  #fail(error: HttpError): void {
    if (!this.#end()) return;
    this.#controller?.error(error);
    this.#give();
  }

  #open(): ReadableStream<Uint8Array> {
    const { body } = this.#request;
    const source = this.#source = isSource(body) ? body : onceSource(body);
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
        if (this.#failed !== undefined) this.#fail(this.#failed);
      },
      pull: (controller) => this.#pull(source, controller),
      cancel: () => this.cancel(),
    }, { highWaterMark: 0 });
  }

  async #pull(source: BodySource, controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const piece = await source.read();
      if (this.#over) return;
      if (piece === undefined) {
        this.#end();
        return controller.close();
      }
      this.#received += piece.length;
      if (this.#received <= this.#limit) return controller.enqueue(piece);
      this.#fail(
        new HttpError("request", `The request body is larger than ${this.#limit} bytes`, {
          detail: { tag: "HTTP-request-body-size", size: BigInt(this.#received) },
        }),
      );
    } catch (cause) {
      this.#fail(
        cause instanceof HttpError
          ? cause
          : new HttpError("interrupted", "The request was cut off", { cause }),
      );
    }
  }
}

function onceSource(body: Uint8Array | undefined): BodySource {
  let left = body;
  return {
    read() {
      const piece = left;
      left = undefined;
      return Promise.resolve(piece !== undefined && piece.length > 0 ? piece : undefined);
    },
    cancel: () => void (left = undefined),
  };
}
