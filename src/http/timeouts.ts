/** How long a request may take, and each of its parts. */

/** Timers of a request, each in milliseconds; 0 or `Infinity` turns one off. */
export interface HttpTimeouts {
  /** From the start to an established connection, TLS included. Default 5,000. */
  readonly connectTimeout?: number;
  /**
   * From an established connection to the response head; does not count the time a request body takes to send. Default
   * 30,000.
   */
  readonly firstByteTimeout?: number;
  /** Longest pause between two pieces of a response body while somebody waits for it. Default 30,000. */
  readonly readTimeout?: number;
  /** The whole request with its response body. Default off: object_store's 30 s would kill large streams. */
  readonly timeout?: number;
}

/** {@linkcode HttpTimeouts.connectTimeout} where none is given. */
export const DEFAULT_CONNECT_TIMEOUT = 5_000;
/** {@linkcode HttpTimeouts.firstByteTimeout} where none is given. */
export const DEFAULT_FIRST_BYTE_TIMEOUT = 30_000;
/** {@linkcode HttpTimeouts.readTimeout} where none is given. */
export const DEFAULT_READ_TIMEOUT = 30_000;

/** A timeout option as a duration: 0, `Infinity` and nothing mean that it never ends. */
export function duration(milliseconds: number | undefined): number {
  return milliseconds !== undefined && milliseconds > 0 ? milliseconds : Infinity;
}
