/** `wasi:http/types.outgoing-response`. */
import { Resource } from "../abi/handles.ts";
import { failed } from "../abi/lower.ts";
import type { Fields } from "./fields.ts";
import { type OutgoingBody, outgoingBody } from "./outgoing_body.ts";

/** `outgoing-response` */
export class OutgoingResponse extends Resource {
  /** Its headers, frozen. */
  readonly headers: Fields;
  readonly #window: number;
  #status = 200;
  #body: OutgoingBody | undefined;

  /** Takes the headers. `window` is that of the body. */
  constructor(headers: Fields, window: number) {
    super();
    this.#window = window;
    this.headers = headers.freeze();
  }

  /** The body, if the guest has taken it. */
  get taken(): OutgoingBody | undefined {
    return this.#body;
  }

  /** `status-code` */
  get status(): number {
    return this.#status;
  }

  /** `set-status-code` */
  setStatus(status: number): void {
    if (status < 100 || status > 999) throw failed;
    this.#status = status;
  }

  /** `body` */
  body(): OutgoingBody {
    if (this.#body !== undefined) throw failed;
    return this.#body = outgoingBody("response", this.headers, Infinity, this.#window);
  }

  override drop(): void {
    this.#body?.pipe.cancel();
  }
}
