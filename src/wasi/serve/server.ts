/** A guest that serves: admission, queue, dispatch, and the end of each exchange. */
import { type Deadline, DeadlineQueue } from "../../http/deadlines.ts";
import type { HeaderEntry } from "../../http/headers.ts";
import { isToken } from "../../http/header_syntax.ts";
import { sectionSize } from "../http/fields.ts";
import { LinkedSet } from "../linked.ts";
import { quietly } from "../quietly.ts";
import {
  type BodySource,
  type ExchangeContext,
  isSource,
  type ServedRequest,
  type ServedResponse,
} from "./exchange.ts";
import { ExchangeLog } from "./exchange_log.ts";
import { ServeFailure } from "./failure.ts";
import { fetchHandler, type FetchInfo } from "./fetch.ts";
import { type Backend, Job } from "./job.ts";
import { metricsText } from "./metrics.ts";
import type { AccessEntry, ResolvedServeOptions } from "./options.ts";
import type { Counters, Refusal, ServeStats } from "./stats.ts";

/** Told of what happens. */
export interface ServerHooks {
  readonly onRequest?: (entry: AccessEntry) => void;
  readonly onFailure?: (id: string, failure: ServeFailure) => void;
}

/** Milliseconds that {@linkcode GuestServer.shutdown} waits for requests under way. */
const GRACE = 5_000;
/** What a refused client is told to wait, in seconds. */
const RETRY_AFTER = "1";

interface Waiting {
  readonly job: Job;
  readonly deadline: Deadline;
}

/**
 * A guest behind `fetch`: made by `guest.serve`. Hand it to `Deno.serve(server.fetch)`, export it as default for
 * `deno serve`, answer a service worker's events with it, or put it behind `node:http` with `nodeHandler`.
 */
export class GuestServer implements AsyncDisposable {
  /**
   * Answers a request. Never rejects: what goes wrong is a status, and told to `onFailure`. The second argument is what
   * `Deno.serve` hands to its handlers.
   */
  readonly fetch: (request: Request, info?: FetchInfo) => Promise<Response>;
  readonly #options: ResolvedServeOptions;
  readonly #hooks: ServerHooks;
  readonly #backend: Backend;
  readonly #counters: Counters;
  readonly #queue = new LinkedSet<Waiting>();
  readonly #deadlines = new DeadlineQueue();
  readonly #replaced: ReadonlySet<string>;
  readonly #prefix = crypto.randomUUID().slice(0, 8);
  readonly #idle = new Set<() => void>();
  /** Jobs that a guest has not returned from. */
  #running = 0;
  /** Exchanges whose end has not been told. */
  readonly #open = new LinkedSet<() => void>();
  #number = 0;
  #stopped: Promise<void> | undefined;
  /** Ends the wait for requests under way. */
  #hurry: () => void = () => {};
  readonly #graces: Deadline[] = [];

  /** For `guest.serve`. `backend` is told what to call when it is free again. */
  constructor(
    options: ResolvedServeOptions,
    hooks: ServerHooks,
    counters: Counters,
    backend: (freed: () => void) => Backend,
  ) {
    this.#options = options;
    this.#hooks = hooks;
    this.#counters = counters;
    this.#replaced = new Set(options.headers.map(([name]) => name.toLowerCase()));
    this.#backend = backend(() => this.#pump());
    this.fetch = fetchHandler((request, context) => this.exchange(request, context));
  }

  /** Counters and state. */
  stats(): ServeStats {
    const { requests, responses, refused, traps, timeouts, failures, disconnects } = this.#counters;
    const { bytesReceived, bytesSent, outgoingDenied } = this.#counters;
    const backend = this.#backend.stats();
    return {
      requests,
      inFlight: this.#open.size - this.#queue.size,
      queued: this.#queue.size,
      responses: { ...responses },
      refused: { ...refused },
      traps,
      timeouts,
      failures,
      disconnects,
      bytesReceived,
      bytesSent,
      outgoingDenied,
      outgoingRefused: backend.outgoingRefused,
      instances: { live: backend.instances, idle: backend.idle, created: backend.created },
      workers: { live: backend.workers, lost: backend.workersLost },
    };
  }

  /** The counters as Prometheus text; see {@linkcode metricsText}. */
  metrics(): string {
    return metricsText(this.stats());
  }

  /**
   * Takes no further requests, lets those under way end, and ends all instances; after `grace` milliseconds (default
   * 5,000) what is left is cut off. May be called again, to wait for less long.
   */
  shutdown(grace: number = GRACE): Promise<void> {
    if (this.#open.size > 0) this.#graces.push(this.#deadlines.start(grace, () => this.#hurry()));
    return this.#stopped ??= this.#stop();
  }

  /** The same as `shutdown()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  /**
   * Answers a request in plain form, for adapters to servers of other kinds. Never rejects. The answer's body must be
   * read to its end or cancelled.
   */
  exchange(request: ServedRequest, context: ExchangeContext = {}): Promise<ServedResponse> {
    this.#counters.requests++;
    const id = `${this.#prefix}-${++this.#number}`;
    const log = new ExchangeLog(id, request, context.remote, this.#ended);
    const refusal = this.#refusal(request);
    if (refusal !== undefined) {
      log.place = this.#open.add(() => {});
      giveUp(request);
      return Promise.resolve(this.#refuse(id, log, ...refusal));
    }
    return new Promise((resolve) => {
      const job = new Job(id, this.#seen(request, log), {
        answered: (response) => resolve(this.#answer(log, job, response)),
        failed: (failure, answered) => {
          this.#failed(id, failure);
          // What has an answer already is cut short where it is not whole.
          if (!answered) resolve(this.#error(id, log, failure.status));
        },
        returned: () => {
          this.#running--;
          // Nobody else gives up a body that the guest never saw.
          giveUp(request);
        },
      });
      log.place = this.#open.add(() => job.clientGone());
      context.onGone?.(() => {
        if (log.over) return;
        this.#drop(job, log);
      });
      if (this.#start(job)) return;
      const refuse = (reason: Refusal, status: number) => {
        giveUp(request);
        resolve(this.#refuse(id, log, reason, status));
      };
      // Whoever left the queue needs no answer, but somebody waits for one.
      this.#wait(job, refuse, () => {
        giveUp(request);
        resolve(this.#error(id, log, 503));
      });
    });
  }

  /** The request as the guest sees it. */
  #seen(request: ServedRequest, log: ExchangeLog): ServedRequest {
    const { body } = request;
    let headers = request.headers;
    if (this.#replaced.size > 0) {
      const kept: HeaderEntry[] = headers.filter(([name]) => !this.#replaced.has(name.toLowerCase()));
      headers = [...kept, ...this.#options.headers];
    }
    if (body instanceof Uint8Array) log.received(body.length);
    return { ...request, headers, body: isSource(body) ? log.counting(body) : body };
  }

  #refusal(request: ServedRequest): [reason: Refusal, status: number] | undefined {
    const { urlBytes, servedFieldBytes, pool } = this.#options;
    if (this.#stopped !== undefined) return ["shutting-down", 503];
    // User information in a target is an error (RFC 9110 section 4.2.4).
    if (!isToken(request.method) || request.authority === "" || request.authority.includes("@")) {
      return ["bad-request", 400];
    }
    if (request.path.length > urlBytes) return ["url-too-long", 414];
    if (sectionSize(request.headers) > servedFieldBytes) return ["fields-too-large", 431];
    if (pool.servedRequestBytes !== Infinity && request.body !== undefined) {
      const declared = request.headers.find(([name]) => name.toLowerCase() === "content-length");
      if (declared !== undefined && Number(declared[1]) > pool.servedRequestBytes) {
        return ["body-too-large", 413];
      }
    }
    return undefined;
  }

  #start(job: Job): boolean {
    if (this.#running >= this.#options.maxConcurrent || !this.#backend.available) return false;
    this.#running++;
    this.#backend.start(job);
    return true;
  }

  #wait(job: Job, refuse: (reason: Refusal, status: number) => void, left: () => void): void {
    if (this.#queue.size >= this.#options.maxQueue) return refuse("queue-full", 503);
    const deadline = this.#deadlines.start(this.#options.queueTimeout, () => {
      this.#queue.take(place);
      refuse("queue-timeout", 503);
    });
    const place = this.#queue.add({ job, deadline });
    job.onGone(() => {
      // Whoever has left need not be served.
      if (!this.#queue.take(place)) return;
      deadline.stop();
      left();
    });
  }

  #pump(): void {
    for (let place = this.#queue.first; place !== undefined; place = this.#queue.first) {
      if (!this.#start(place.value.job)) return;
      this.#queue.take(place);
      place.value.deadline.stop();
    }
  }

  /** The client has gone before its answer was whole. */
  #drop(job: Job, log: ExchangeLog): void {
    this.#counters.disconnects++;
    job.clientGone();
    log.end(false);
  }

  #answer(log: ExchangeLog, job: Job, response: ServedResponse): ServedResponse {
    const { status, body } = response;
    const limit = this.#options.servedResponseBytes;
    if (log.over) {
      if (isSource(body)) body.cancel();
      return response;
    }
    this.#counters.status(status);
    log.head(status);
    if (!isSource(body)) {
      if ((body?.length ?? 0) > limit) {
        this.#failed(job.id, tooLarge(limit));
        return this.#error(job.id, log, 500);
      }
      log.sent(body?.length ?? 0);
      log.end(true);
      return response;
    }
    return { ...response, body: this.#sending(log, job, body, limit) };
  }

  /** The body of an answer, counted; its end is that of the exchange. */
  #sending(log: ExchangeLog, job: Job, body: BodySource, limit: number): BodySource {
    let sent = 0;
    const cutOff = (error: unknown): never => {
      log.end(false);
      job.clientGone();
      body.cancel();
      throw error;
    };
    return {
      read: async () => {
        let piece: Uint8Array | undefined;
        try {
          piece = await body.read();
        } catch (error) {
          return cutOff(error);
        }
        if (piece === undefined) {
          log.end(true);
          return undefined;
        }
        sent += piece.length;
        if (sent > limit) {
          const failure = tooLarge(limit);
          this.#failed(job.id, failure);
          return cutOff(failure);
        }
        log.sent(piece.length);
        return piece;
      },
      cancel: () => {
        body.cancel();
        if (!log.over) this.#drop(job, log);
      },
    };
  }

  #failed(id: string, failure: ServeFailure): void {
    if (failure.kind === "timeout") this.#counters.timeouts++;
    else if (failure.kind === "trap" || failure.kind === "exit") this.#counters.traps++;
    else this.#counters.failures++;
    quietly(() => this.#hooks.onFailure?.(id, failure));
  }

  #refuse(id: string, log: ExchangeLog, reason: Refusal, status: number): ServedResponse {
    this.#counters.refused[reason]++;
    return this.#error(id, log, status);
  }

  /** What a client is told of an error: its status and the id under which the log knows more. */
  #error(id: string, log: ExchangeLog, status: number): ServedResponse {
    const body = new TextEncoder().encode(`${REASONS[status] ?? "Error"}\nrequest ${id}\n`);
    if (!log.over) {
      this.#counters.status(status);
      log.head(status);
      log.sent(body.length);
      log.end(true);
    }
    const headers: HeaderEntry[] = [
      ["content-type", "text/plain; charset=utf-8"],
      ["x-request-id", id],
    ];
    if (status === 503) headers.push(["retry-after", RETRY_AFTER]);
    return { status, headers, body, trailers: () => [] };
  }

  readonly #ended = (log: ExchangeLog): void => {
    if (log.place !== undefined) this.#open.take(log.place);
    this.#counters.bytesReceived += log.bytesReceived;
    this.#counters.bytesSent += log.bytesSent;
    const { onRequest } = this.#hooks;
    if (onRequest !== undefined) quietly(() => onRequest(log.entry()));
    if (this.#open.size === 0) {
      for (const resolve of this.#idle) resolve();
      this.#idle.clear();
    }
  };

  async #stop(): Promise<void> {
    if (this.#open.size > 0) {
      await new Promise<void>((resolve) => {
        this.#idle.add(resolve);
        this.#hurry = resolve;
      });
    }
    for (const grace of this.#graces) grace.stop();
    for (const waiting of this.#queue.drain()) {
      waiting.deadline.stop();
      giveUp(waiting.job.request);
      waiting.job.failed(new ServeFailure("stopped", "The server was stopped"));
    }
    for (const gone of this.#open.values()) gone();
    await this.#backend.close();
  }
}

/** Reason phrases of the statuses that the server itself sends. */
const REASONS: Readonly<Record<number, string>> = {
  400: "Bad request",
  413: "Content too large",
  414: "URI too long",
  431: "Request header fields too large",
  500: "Internal server error",
  503: "Service unavailable",
  504: "Gateway timeout",
};

/** Nobody will read the request's body. */
function giveUp({ body }: ServedRequest): void {
  if (isSource(body)) body.cancel();
}

function tooLarge(limit: number): ServeFailure {
  return new ServeFailure("bad-response", `The response body is larger than ${limit} bytes`);
}
