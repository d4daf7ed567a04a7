/** Options of sockets. Node sets few of them; the others are kept, as hints that a system may ignore as well. */
import { socketError, type SocketOption } from "./socket.ts";

const DEFAULTS: Readonly<Record<SocketOption, unknown>> = {
  keepAliveEnabled: false,
  keepAliveIdleTime: 7_200_000_000_000n,
  keepAliveInterval: 75_000_000_000n,
  keepAliveCount: 9,
  hopLimit: 64,
  receiveBufferSize: 212_992n,
  sendBufferSize: 212_992n,
};

/** The options of one socket. */
export class SocketOptions {
  readonly #values = new Map<SocketOption, unknown>();
  readonly #apply: (option: SocketOption, value: unknown) => void;

  /** `apply` is told of each change. */
  constructor(apply: (option: SocketOption, value: unknown) => void) {
    this.#apply = apply;
  }

  /** The value, or the default. */
  get(option: SocketOption): unknown {
    return this.#values.get(option) ?? DEFAULTS[option];
  }

  /** Sets it; zero is refused for all that are numbers. */
  set(option: SocketOption, value: unknown): void {
    if (value === 0 || value === 0n) throw socketError("invalid-argument");
    this.#values.set(option, value);
    this.#apply(option, value);
  }
}
