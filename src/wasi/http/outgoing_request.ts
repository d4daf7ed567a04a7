/** `wasi:http/types.outgoing-request` and `request-options`. */
import { Resource } from "../abi/handles.ts";
import { failed } from "../abi/lower.ts";
import type { Instance } from "../instance.ts";
import type { Fields } from "./fields.ts";
import { type OutgoingBody, outgoingBody } from "./outgoing_body.ts";
import {
  checkMethod,
  checkPath,
  checkScheme,
  isAuthority,
  type Method,
  type Scheme,
} from "./request_line.ts";

/** `outgoing-request` */
export class OutgoingRequest extends Resource {
  readonly #instance: Instance;
  /** Its headers, frozen. */
  readonly headers: Fields;
  #method: Method = { tag: "get" };
  #path: string | undefined;
  #scheme: Scheme | undefined;
  #authority: string | undefined;
  #body: OutgoingBody | undefined;

  /** Takes the headers. */
  constructor(instance: Instance, headers: Fields) {
    super();
    this.#instance = instance;
    this.headers = headers.freeze();
  }

  /** The body, if the guest has taken it. */
  get taken(): OutgoingBody | undefined {
    return this.#body;
  }

  /** `body` */
  body(): OutgoingBody {
    if (this.#body !== undefined) throw failed;
    const { requestBytes, bodyWindow } = this.#instance.limits;
    return this.#body = outgoingBody("request", this.headers, requestBytes, bodyWindow);
  }

  /** `method` */
  get method(): Method {
    return this.#method;
  }

  /** `set-method` */
  setMethod(value: Method): void {
    this.#method = checkMethod(value) ?? refuse();
  }

  /** `path-with-query` */
  get path(): string | undefined {
    return this.#path;
  }

  /** `set-path-with-query` */
  setPath(value: string | undefined): void {
    this.#path = value === undefined ? undefined : checkPath(value) ?? refuse();
  }

  /** `scheme` */
  get scheme(): Scheme | undefined {
    return this.#scheme;
  }

  /** `set-scheme` */
  setScheme(value: Scheme | undefined): void {
    this.#scheme = value === undefined ? undefined : checkScheme(value) ?? refuse();
  }

  /** `authority` */
  get authority(): string | undefined {
    return this.#authority;
  }

  /** `set-authority` */
  setAuthority(value: string | undefined): void {
    if (value !== undefined && !isAuthority(value)) throw failed;
    this.#authority = value;
  }

  override drop(): void {
    // Never sent: whoever still writes to the body learns that nobody reads.
    this.#body?.pipe.cancel();
  }
}

function refuse(): never {
  throw failed;
}

/** `request-options`: three timeouts in nanoseconds. */
export class RequestOptions extends Resource {
  /** `connect-timeout` */
  connect: bigint | undefined;
  /** `first-byte-timeout` */
  firstByte: bigint | undefined;
  /** `between-bytes-timeout` */
  betweenBytes: bigint | undefined;
}

/** What timers are where the guest sets none, in milliseconds: ten minutes, as in wasmtime. */
const DEFAULT_TIMEOUT = 600_000;

/** A guest's duration in milliseconds. 0 would turn a timer off, so the shortest is one nanosecond's worth. */
export function toMilliseconds(duration: bigint | undefined): number {
  if (duration === undefined) return DEFAULT_TIMEOUT;
  const milliseconds = Number(duration) / 1e6;
  return milliseconds > 2 ** 31 - 1 ? Infinity : Math.max(milliseconds, 1);
}
