/** The counters of a server. */

/** Why requests were refused before a guest saw them. */
export type Refusal =
  | "queue-full"
  | "queue-timeout"
  | "shutting-down"
  | "url-too-long"
  | "fields-too-large"
  | "body-too-large"
  | "bad-request";

/** Counters of a server since its start, and its state now. */
export interface ServeStats {
  /** Requests that arrived. */
  readonly requests: number;
  /** Requests that a guest handles, or whose answer is on its way. */
  readonly inFlight: number;
  /** Requests that wait for their turn. */
  readonly queued: number;
  /** Answers sent, by class of status: `2xx`. */
  readonly responses: Readonly<Record<string, number>>;
  /** Requests refused before a guest saw them. */
  readonly refused: Readonly<Record<Refusal, number>>;
  /** Guests that trapped, exited or broke a limit. */
  readonly traps: number;
  /** Requests that ran into the time limit. */
  readonly timeouts: number;
  /** Requests that failed otherwise: without an answer, with an error code, for want of an instance. */
  readonly failures: number;
  /** Clients that went away before their answer was whole. */
  readonly disconnects: number;
  /** Bytes of request bodies that guests took. */
  readonly bytesReceived: number;
  /** Bytes of answers' bodies. */
  readonly bytesSent: number;
  /** Outgoing requests refused for a limit of the server's. */
  readonly outgoingRefused: number;
  /** Outgoing requests refused by the network policy. */
  readonly outgoingDenied: number;
  /** Instances: how many live, how many of them idle, how many were made. */
  readonly instances: { readonly live: number; readonly idle: number; readonly created: number };
  /** Workers: how many live, how many were ended for being busy or ended by themselves. */
  readonly workers: { readonly live: number; readonly lost: number };
}

/** Counts, for one server. */
export class Counters {
  requests = 0;
  traps = 0;
  timeouts = 0;
  failures = 0;
  disconnects = 0;
  bytesReceived = 0;
  bytesSent = 0;
  outgoingDenied = 0;
  readonly responses: Record<string, number> = { "1xx": 0, "2xx": 0, "3xx": 0, "4xx": 0, "5xx": 0 };
  readonly refused: Record<Refusal, number> = {
    "queue-full": 0,
    "queue-timeout": 0,
    "shutting-down": 0,
    "url-too-long": 0,
    "fields-too-large": 0,
    "body-too-large": 0,
    "bad-request": 0,
  };

  /** Notes a status sent. */
  status(status: number): void {
    const kind = `${Math.floor(status / 100)}xx`;
    this.responses[kind] = (this.responses[kind] ?? 0) + 1;
  }
}
