/**
 * `wasi:http/types.incoming-request` and `response-outparam`: what a handler is called with. Toolchains import them
 * into commands too, which never get one.
 */
import { Resource } from "../abi/handles.ts";
import { failed, WitError } from "../abi/lower.ts";
import type { ResultValue } from "../abi/types.ts";
import type { HeaderList } from "../../http/headers.ts";
import type { Instance } from "../instance.ts";
import type { ErrorCode } from "./error_code.ts";
import { Fields } from "./fields.ts";
import { type BodyOrigin, IncomingBody } from "./incoming.ts";
import type { OutgoingResponse } from "./outgoing_response.ts";
import { type Method, methodOf, type Scheme } from "./request_line.ts";

/** A request as it arrived. */
export interface ServedRequest {
  /** Method, in the case received. */
  readonly method: string;
  /** Path and query as received, not normalised. */
  readonly path: string;
  /** Scheme of the server. */
  readonly scheme: Scheme;
  /** Of the URL, or the `host` header. */
  readonly authority: string;
  /** Header lines. */
  readonly headers: HeaderList;
  /** The body. */
  readonly body: BodyOrigin;
}

/** `incoming-request` */
export class IncomingRequest extends Resource {
  readonly #instance: Instance;
  readonly #request: ServedRequest;
  #headers: Fields | undefined;
  #consumed = false;

  /** Of a request that arrived. */
  constructor(instance: Instance, request: ServedRequest) {
    super();
    this.#instance = instance;
    this.#request = request;
  }

  /** `method` */
  get method(): Method {
    return methodOf(this.#request.method);
  }

  /** `path-with-query` */
  get path(): string {
    return this.#request.path;
  }

  /** `scheme` */
  get scheme(): Scheme {
    return this.#request.scheme;
  }

  /** `authority` */
  get authority(): string {
    return this.#request.authority;
  }

  /** `headers` */
  headers(): Fields {
    this.#headers ??= Fields.received(this.#instance, this.#request.headers);
    return this.#headers.snapshot();
  }

  /** `consume` */
  consume(): IncomingBody {
    if (this.#consumed) throw failed;
    this.#consumed = true;
    return new IncomingBody(this.#instance, this.#request.body, Infinity);
  }

  override drop(): void {
    if (this.#consumed) return;
    this.#request.body.cancel();
    this.#request.body.over();
  }
}

/** What a handler answers with. */
export type HandlerAnswer = ResultValue<OutgoingResponse, ErrorCode>;

/** `response-outparam` */
export class ResponseOutparam extends Resource {
  readonly #answer: (answer: HandlerAnswer | undefined) => void;
  #set = false;

  /** `answer` is called once: with the answer, or `undefined` when the guest dropped this without one. */
  constructor(answer: (answer: HandlerAnswer | undefined) => void) {
    super();
    this.#answer = answer;
  }

  /** `set`; takes it. */
  set(answer: HandlerAnswer): void {
    this.#set = true;
    this.#answer(answer);
  }

  /** `send-informational`, which neither Deno nor `fetch` can send. */
  sendInformational(status: number): never {
    throw new WitError(
      status < 100 || status > 199
        ? { tag: "HTTP-protocol-error" } satisfies ErrorCode
        : { tag: "internal-error", val: "informational responses are not supported" } satisfies ErrorCode,
    );
  }

  override drop(): void {
    if (!this.#set) this.#answer(undefined);
  }
}
