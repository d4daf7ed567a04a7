/** HTTP/2 connections: one for each origin, made when first needed, shared by all its requests. */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type OutgoingHttpHeaders,
} from "node:http2";
import type { Socket } from "node:net";
import { clearTimeout, setTimeout } from "node:timers";
import { HttpError } from "../error.ts";
import type { ClientOptions } from "../options.ts";
import { DEFAULT_CONNECT_TIMEOUT, duration } from "../timeouts.ts";
import type { Dialer } from "./dial.ts";
import { DEFAULT_POOL_IDLE_TIMEOUT } from "../pool.ts";
import type { Origin } from "./target.ts";

/** Flow-control windows: Node's 64 KiB would hold a fast download to one window a round trip. */
const STREAM_WINDOW = 1024 * 1024;
const CONNECTION_WINDOW = 16 * 1024 * 1024;
const MAX_TIMER = 2 ** 31 - 1;

/** A connection. */
export class Session {
  readonly #session: ClientHttp2Session;
  readonly #idleTimeout: number;
  #held = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #closing = false;
  /** Whether a request was made on it before. */
  used = false;

  /** Takes over a session. */
  constructor(session: ClientHttp2Session, idleTimeout: number) {
    this.#session = session;
    this.#idleTimeout = idleTimeout;
    // A session that fails fails its streams, and they are what somebody waits for.
    session.on("error", () => {});
    session.on("goaway", () => this.#closing = true);
    session.on("close", () => {
      this.#closing = true;
      clearTimeout(this.#idle);
    });
    session.unref();
  }

  /** Whether new requests may be made on it. */
  get usable(): boolean {
    return !this.#closing && !this.#session.closed && !this.#session.destroyed;
  }

  /** Whether the connection is up. */
  get alive(): boolean {
    return !this.#session.destroyed;
  }

  /** Makes a request. */
  request(
    headers: OutgoingHttpHeaders,
    options: { readonly endStream: boolean; readonly waitForTrailers: boolean },
  ): ClientHttp2Stream {
    this.used = true;
    return this.#session.request(headers, options);
  }

  /** Keeps the connection from being idle until what is returned is released. */
  hold(): SessionHold {
    if (this.#held++ === 0) {
      clearTimeout(this.#idle);
      this.#session.ref();
    }
    return new SessionHold(this, () => {
      if (--this.#held > 0) return;
      if (this.#session.destroyed) return;
      if (!this.usable) return this.close();
      this.#session.unref();
      if (this.#idleTimeout === Infinity) return;
      this.#idle = setTimeout(() => this.close(), Math.min(this.#idleTimeout, MAX_TIMER));
      this.#idle.unref();
    });
  }

  /** Takes no further requests than those that wait for it already, and closes when they are over. */
  retire(): void {
    this.#closing = true;
  }

  /** Closes it once its requests are over. */
  close(): void {
    this.#closing = true;
    clearTimeout(this.#idle);
    if (this.#held === 0) this.#session.destroy();
    else this.#session.close();
  }
}

/** A session that somebody uses or waits for. Whoever gets one releases it. */
export class SessionHold {
  /** The connection. */
  readonly session: Session;
  #release: (() => void) | undefined;

  /** `release` is called once. */
  constructor(session: Session, release: () => void) {
    this.session = session;
    this.#release = release;
  }

  /** The session is no longer needed: the last to say so leaves it idle. May be called twice. */
  release(): void {
    this.#release?.();
    this.#release = undefined;
  }
}

/** What connecting to an origin led to: a session, or a socket whose server wants HTTP/1.1. */
export type Connected = SessionHold | Socket;

/** A connection that is being made. */
interface Connecting {
  /** A session is held for those who wait, until the last of them holds it or is gone. */
  readonly connected: Promise<Connected>;
  /** How many requests wait for it. */
  waiting: number;
  /** Ends it. */
  readonly giveUp: () => void;
}

/** The HTTP/2 connections of a service. */
export class SessionPool {
  readonly #dialer: Dialer;
  readonly #only: boolean;
  readonly #connectTimeout: number;
  readonly #idleTimeout: number;
  readonly #sessions = new Map<string, Session>();
  readonly #connecting = new Map<string, Connecting>();
  /** Origins that chose HTTP/1.1. */
  readonly #http1 = new Set<string>();
  #closed = false;

  /** Reads the options. */
  constructor(options: ClientOptions, dialer: Dialer) {
    this.#dialer = dialer;
    this.#only = options.http2Only === true;
    this.#connectTimeout = duration(options.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT);
    this.#idleTimeout = duration(options.poolIdleTimeout ?? DEFAULT_POOL_IDLE_TIMEOUT);
  }

  /**
   * A session with this origin, or a socket to speak HTTP/1.1 over, or `undefined` where HTTP/1.1 is known to be
   * spoken. Connecting is shared by all who ask meanwhile; aborting `signal` ends only the waiting. A session is to be
   * released.
   */
  async connect(
    origin: Origin,
    url: string,
    signal: AbortSignal | undefined,
  ): Promise<Connected | undefined> {
    signal?.throwIfAborted();
    // Without TLS there is nobody to ask; then HTTP/2 is spoken only where nothing else may be.
    if (!this.#only && (!origin.secure || this.#http1.has(origin.key))) return undefined;
    const known = this.#sessions.get(origin.key);
    if (known?.usable) return known.hold();
    const shared = this.#connecting.get(origin.key);
    const connecting = shared ?? this.#begin(origin, url);
    connecting.waiting++;
    try {
      const connected = await waitFor(connecting.connected, signal);
      if (connected instanceof SessionHold) return connected.session.hold();
      // A socket belongs to the one who made it.
      return shared === undefined ? connected : undefined;
    } catch (error) {
      if (this.#closed && connecting.waiting === 1) connecting.giveUp();
      // A session stays for the next request, a socket serves nobody but its maker.
      if (shared === undefined) {
        connecting.connected.then((made) => made instanceof SessionHold || made.destroy(), () => {});
      }
      throw error;
    } finally {
      connecting.waiting--;
      connecting.connected.then((made) => {
        if (made instanceof SessionHold && connecting.waiting === 0) made.release();
      }, () => {});
    }
  }

  /** Closes what is idle, and the rest when it becomes so. */
  close(): void {
    this.#closed = true;
    for (const { waiting, giveUp } of this.#connecting.values()) if (waiting === 0) giveUp();
    for (const session of this.#sessions.values()) session.close();
    this.#sessions.clear();
  }

  #begin(origin: Origin, url: string): Connecting {
    const controller = new AbortController();
    const connected = this.#open(origin, url, controller.signal);
    const connecting: Connecting = {
      connected,
      waiting: 0,
      giveUp: () => controller.abort(new Error("The service was closed")),
    };
    this.#connecting.set(origin.key, connecting);
    const forget = () => void this.#connecting.delete(origin.key);
    connected.then(forget, forget);
    return connecting;
  }

  async #open(origin: Origin, url: string, givenUp: AbortSignal): Promise<Connected> {
    if (!origin.secure && this.#dialer.proxyFor(origin) !== undefined) {
      throw new HttpError("request", "HTTP/2 without TLS cannot be put to a proxy", {
        detail: { tag: "configuration-error" },
      });
    }
    const timeout = new AbortController();
    const error = new HttpError("connect", "no connection in time", {
      detail: { tag: "connection-timeout" },
    });
    const timer = this.#connectTimeout === Infinity
      ? undefined
      : setTimeout(() => timeout.abort(error), Math.min(this.#connectTimeout, MAX_TIMER));
    try {
      const protocols = this.#only ? ["h2"] : ["h2", "http/1.1"];
      const signal = AbortSignal.any([timeout.signal, givenUp]);
      const socket = await this.#dialer.dial(origin, url, protocols, signal);
      if (origin.secure && (socket as { alpnProtocol?: unknown }).alpnProtocol !== "h2") {
        if (!this.#only) {
          this.#http1.add(origin.key);
          return socket;
        }
        socket.destroy();
        throw new HttpError("connect", "the server does not speak HTTP/2", {
          detail: { tag: "HTTP-protocol-error" },
        });
      }
      const session = connect(origin.key, {
        createConnection: () => socket,
        settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
      });
      session.once("connect", () => {
        // It throws for a session that was closed at once, and here that would end the process.
        if (!session.destroyed) session.setLocalWindowSize?.(CONNECTION_WINDOW);
      });
      const made = new Session(session, this.#idleTimeout);
      if (this.#closed) made.retire();
      this.#sessions.set(origin.key, made);
      session.on("close", () => {
        if (this.#sessions.get(origin.key) === made) this.#sessions.delete(origin.key);
      });
      return made.hold();
    } finally {
      clearTimeout(timer);
    }
  }
}

function waitFor<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
