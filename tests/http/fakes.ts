/** Services, responses and a clock without sockets or waiting, for the tests of the layers. */
import type { HttpConnector } from "../../src/http/connector.ts";
import type { HttpRequest, HttpResponse, HttpService } from "../../src/http/service.ts";
import type { RetryClock } from "../../src/http/retry/clock.ts";
import type { HeaderList } from "../../src/http/headers.ts";
import { ConnectorResponse } from "../../src/http/response.ts";
import type { ClientOptions } from "../../src/http/options.ts";

/** A response whose pieces come one read at a time; an `Error` among them fails the body there. */
export interface FakeBody {
  readonly response: HttpResponse;
  /** Whether the body was given up before its end. */
  cancelled: boolean;
  /** Whether it is over, whichever way. */
  closed: boolean;
}

export function fakeBody(
  status: number,
  pieces: ReadonlyArray<string | Error | Promise<string>> = [],
  headers: HeaderList = [],
  contentLength?: number,
): FakeBody {
  const left = [...pieces];
  let giveUp: (error: Error) => void = () => {};
  const given = new Promise<never>((_, reject) => giveUp = reject);
  given.catch(() => {});
  const fake: { response?: HttpResponse; cancelled: boolean; closed: boolean } = {
    cancelled: false,
    closed: false,
  };
  fake.response = new ConnectorResponse({
    status,
    headers,
    contentLength,
    source: {
      async read() {
        const piece = await Promise.race([left.shift(), given]);
        if (piece === undefined) return { done: true };
        if (piece instanceof Error) throw piece;
        return { done: false, value: new TextEncoder().encode(piece) };
      },
      cancel() {
        fake.cancelled = true;
        giveUp(new Error("given up"));
      },
      closed() {
        fake.closed = true;
      },
    },
  });
  return fake as FakeBody;
}

export function respond(status: number, text = "", headers: HeaderList = []): HttpResponse {
  return fakeBody(status, text === "" ? [] : [text], headers, text.length).response;
}

/** A service that answers by script: each call takes the next step, the last one again and again. */
export class FakeService implements HttpService {
  readonly requests: HttpRequest[] = [];
  closed = 0;
  readonly #steps: ReadonlyArray<(request: HttpRequest) => HttpResponse | Promise<HttpResponse>>;

  constructor(...steps: ReadonlyArray<(request: HttpRequest) => HttpResponse | Promise<HttpResponse>>) {
    this.#steps = steps;
  }

  async call(request: HttpRequest): Promise<HttpResponse> {
    this.requests.push(request);
    return await this.#steps[Math.min(this.requests.length, this.#steps.length) - 1]!(request);
  }

  close(): void {
    this.closed++;
  }
}

export class FakeConnector implements HttpConnector {
  readonly service: FakeService;
  options: ClientOptions | undefined;

  constructor(service: FakeService) {
    this.service = service;
  }

  connect(options?: ClientOptions): HttpService {
    this.options = options;
    return this.service;
  }
}

export function fails(error: unknown): () => never {
  return () => {
    throw error;
  };
}

/** A clock that jumps ahead by what is slept. `random` is a constant. */
export class FakeClock implements RetryClock {
  time = 1000;
  readonly slept: number[] = [];
  readonly #random: number;

  constructor(random = 1) {
    this.#random = random;
  }

  now(): number {
    return this.time;
  }
  date(): number {
    return Date.UTC(2026, 0, 1) + this.time;
  }
  random(): number {
    return this.#random;
  }
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    // As in real time, what is ready runs before the timer fires.
    await settle();
    if (signal?.aborted) throw signal.reason;
    this.slept.push(ms);
    this.time += ms;
  }
}

/** Lets everything that is ready run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
