/** Opening connections: address, TCP or unix socket, proxy tunnel, TLS, in that order. */
import { connect as netConnect, type Socket } from "node:net";
import type { HttpError } from "../error.ts";
import type { ClientOptions } from "../options.ts";
import { type Pinned, Resolver } from "./resolve.ts";
import { openTunnel, type Proxy, proxyOf } from "./proxy.ts";
import type { NodeSettings } from "./settings.ts";
import type { Origin } from "./target.ts";
import { TlsSettings } from "./tls.ts";

/** Opens the connections of a service. */
export class Dialer {
  readonly #options: ClientOptions;
  readonly #resolver: Resolver;
  /** The proxy, where there is one. */
  readonly proxy: Proxy | undefined;
  #tls: TlsSettings | undefined;
  #proxyTls: TlsSettings | undefined;

  /** Reads the options; opens nothing. */
  constructor(settings: NodeSettings) {
    this.#options = settings.options;
    this.#resolver = new Resolver(settings);
    this.proxy = proxyOf(settings.options);
  }

  /** The proxy that requests to this origin go through. */
  proxyFor(origin: Origin): Proxy | undefined {
    return this.proxy?.serves(origin) ? this.proxy : undefined;
  }

  /**
   * Opens a connection for `url`. Aborting `signal` closes what was opened so far.
   *
   * @param protocols what to offer by ALPN, best first.
   */
  async dial(
    origin: Origin,
    url: string,
    protocols: readonly string[],
    signal: AbortSignal,
  ): Promise<Socket> {
    const proxy = this.proxyFor(origin);
    let socket = proxy === undefined
      ? await this.#connect(origin, url, signal)
      : await this.#connectProxy(proxy, signal);
    if (!origin.secure) return socket;
    if (proxy !== undefined) socket = await openTunnel(socket, proxy, origin, signal);
    this.#tls ??= new TlsSettings(this.#options);
    return await this.#tls.wrap(socket, origin, protocols, signal);
  }

  /** The proxy's own address is the caller's configuration, so the policy is not asked about it. */
  async #connectProxy(proxy: Proxy, signal: AbortSignal): Promise<Socket> {
    const { origin } = proxy;
    const socket = await openSocket({ host: origin.hostname, port: origin.port }, signal);
    if (!origin.secure) return socket;
    const certificate = this.#options.proxyCaCertificate;
    this.#proxyTls ??= new TlsSettings(
      { allowInvalidCertificates: this.#options.allowInvalidCertificates },
      certificate === undefined ? [] : [certificate],
    );
    return await this.#proxyTls.wrap(socket, origin, ["http/1.1"], signal);
  }

  async #connect(origin: Origin, url: string, signal: AbortSignal): Promise<Socket> {
    if (this.#options.unixSocket !== undefined) {
      return await openSocket({ path: this.#options.unixSocket }, signal);
    }
    const pinned = await this.#resolver.resolve(origin, url, signal);
    return await openSocket({ host: origin.hostname, port: origin.port, ...pinned }, signal);
  }
}

/** Where a socket goes: a unix socket, or a host with what the resolver decided about its addresses. */
type Endpoint =
  | { readonly path: string }
  | { readonly host: string; readonly port: number } & Partial<Pinned>;

function openSocket(endpoint: Endpoint, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const { verify, lookup, ...where } = endpoint as Partial<Pinned> & { host: string; port: number };
    const socket = netConnect({
      ...where,
      ...(lookup === undefined ? {} : { lookup }),
      noDelay: true,
      // RFC 8305: the next address is tried when one does not answer at once.
      autoSelectFamily: true,
    });
    const abort = () => fail(signal.reason);
    const fail = (error: unknown) => {
      signal.removeEventListener("abort", abort);
      socket.off("error", fail);
      socket.on("error", () => {});
      socket.destroy();
      reject(error);
    };
    signal.addEventListener("abort", abort, { once: true });
    socket.on("error", fail);
    socket.once("connect", () => {
      const refused: HttpError | undefined = verify?.(socket.remoteAddress ?? "");
      if (refused !== undefined) return fail(refused);
      signal.removeEventListener("abort", abort);
      socket.off("error", fail);
      resolve(socket);
    });
  });
}
