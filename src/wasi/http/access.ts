/** An instance's access to the network over HTTP: policy first, then the connector. */
import type { HttpConnector } from "../../http/connector.ts";
import type { HttpRequest, HttpResponse, HttpService } from "../../http/service.ts";
import { FetchConnector } from "../../http/fetch.ts";
import { HttpError } from "../../http/error.ts";
import { denyAll, type NetworkPolicy } from "../../http/policy/policy.ts";
import { type TraceHooks, withTrace } from "../../http/layers/trace.ts";
import { redactUrl } from "../../http/redact.ts";
import type { DeniedRequest } from "../options.ts";
import { quietly } from "../quietly.ts";
import type { ErrorCode } from "./error_code.ts";

/** What an {@linkcode HttpAccess} is made of. */
export interface HttpAccessOptions {
  /** Who may be talked to; nobody without it. */
  readonly policy?: NetworkPolicy;
  /** Carries the requests. */
  readonly connector: HttpConnector;
  /** Told of each request. */
  readonly trace?: TraceHooks;
  /** Told of refusals. */
  readonly onDenied?: (denied: DeniedRequest) => void;
  /** Requests under way at once. */
  readonly maxRequests: number;
  /** Further bounds, shared with other instances. */
  readonly gate?: RequestGate;
}

/** What bounds an instance's requests besides its own limit. */
export interface RequestGate {
  /** Whether one more request may be made. */
  readonly available: boolean;
  /** Counts a request as under way; returns what ends that. */
  acquire(): () => void;
  /** Aborts the requests that are made while it is given. */
  readonly signal: AbortSignal | undefined;
}

/** Sends the requests of one instance over connections of its own. */
export class HttpAccess {
  readonly #policy: NetworkPolicy;
  readonly #options: HttpAccessOptions;
  #service: HttpService | undefined;
  #underWay = 0;

  /** Connects with the first request. */
  constructor(options: HttpAccessOptions) {
    this.#options = options;
    this.#policy = options.policy ?? denyAll;
  }

  /**
   * Whether this goes over `fetch`, which carries no trailers, and times connecting and waiting for the head with one
   * timer.
   */
  get overFetch(): boolean {
    return this.#options.connector instanceof FetchConnector;
  }

  /** Whether one more request may be under way. */
  get available(): boolean {
    const { maxRequests, gate } = this.#options;
    return this.#underWay < maxRequests && gate?.available !== false;
  }

  /** Counts a request as under way; returns what ends that. */
  acquire(): () => void {
    this.#underWay++;
    const release = this.#options.gate?.acquire();
    let held = true;
    return () => {
      if (held) {
        this.#underWay--;
        release?.();
      }
      held = false;
    };
  }

  /** The error code with which the policy refuses `url`, or `undefined`. */
  refusal(url: string): ErrorCode | undefined {
    const decision = this.#policy.checkUrl(url);
    if (decision.allowed) return undefined;
    if (decision.reason === "invalid") return { tag: "HTTP-request-URI-invalid" };
    this.#tell(url, decision.message);
    return {
      tag: decision.reason === "prohibited-address" ? "destination-IP-prohibited" : "HTTP-request-denied",
    };
  }

  /** Sends a request. Connections are neither shared with other instances nor kept longer than this one. */
  call(request: HttpRequest): Promise<HttpResponse> {
    this.#service ??= this.#connect();
    const signals = [request.signal, this.#options.gate?.signal].filter((one) => one !== undefined);
    return this.#service.call(
      signals.length < 2 ? request : { ...request, signal: AbortSignal.any(signals) },
    );
  }

  /** Tells of a refusal that came only after names were resolved. */
  noteFailure(url: string, error: unknown): void {
    if (error instanceof HttpError && error.kind === "denied") this.#tell(url, error.message);
  }

  /** Closes idle connections. */
  close(): void {
    this.#service?.close?.();
    this.#service = undefined;
  }

  #tell(url: string, message: string): void {
    quietly(() => this.#options.onDenied?.({ url: redactUrl(url).replace(/\?.*$/, ""), message }));
  }

  #connect(): HttpService {
    const { connector, trace } = this.#options;
    // No retries, no defaults, no user agent: what goes out is what the guest said. `http:` is the policy's business.
    // URLs were judged by `refusal`; the connector judges the addresses that names resolve to.
    const service = connector.connect({ policy: this.#policy, allowHttp: true, retry: false });
    return trace === undefined ? service : withTrace(trace)(service);
  }
}
