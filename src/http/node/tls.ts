/** TLS: trust, client certificates, protocol negotiation. */
import type { Socket } from "node:net";
import * as tls from "node:tls";
import { HttpError } from "../error.ts";
import type { ClientOptions } from "../options.ts";
import type { Origin } from "./target.ts";

/** Makes TLS connections with one trust setting. */
export class TlsSettings {
  readonly #context: tls.SecureContext;
  readonly #options: tls.ConnectionOptions;
  /** Tickets for abbreviated handshakes, by origin. */
  readonly #sessions = new Map<string, Uint8Array>();

  /**
   * Reads certificates and keys.
   *
   * @throws {HttpError} of kind `connect`, detail `configuration-error`, when one cannot be read.
   */
  constructor(options: ClientOptions, extraRoots: readonly string[] = options.rootCertificates ?? []) {
    const { cert, key } = options.clientCertificate ?? {};
    const credentials: tls.SecureContextOptions = { cert, key };
    if (options.disableSystemCertificates) credentials.ca = [...extraRoots];
    else if (extraRoots.length > 0) credentials.ca = [...platformRoots(), ...extraRoots];
    try {
      this.#context = tls.createSecureContext(credentials);
    } catch (cause) {
      throw new HttpError("connect", "Cannot use the certificates or the key of the TLS options", {
        cause,
        detail: { tag: "configuration-error" },
      });
    }
    // Also beside the context: not every runtime takes credentials from there.
    this.#options = { ...credentials, rejectUnauthorized: !options.allowInvalidCertificates };
  }

  /** Speaks TLS over a connected socket; resolves when the handshake is done and the peer is who it should be. */
  wrap(
    socket: Socket,
    origin: Origin,
    protocols: readonly string[],
    signal: AbortSignal,
  ): Promise<tls.TLSSocket> {
    return new Promise((resolve, reject) => {
      const session = this.#sessions.get(origin.key);
      const secured = tls.connect({
        ...this.#options,
        secureContext: this.#context,
        socket,
        // With `socket` given, only the certificate's name is checked against it.
        host: origin.hostname,
        // RFC 6066 section 3: no addresses in SNI.
        ...(origin.family === 0 ? { servername: origin.hostname } : {}),
        ALPNProtocols: [...protocols],
        ...(session === undefined ? {} : { session: session as never }),
      });
      const abort = () => secured.destroy();
      const settle = () => {
        signal.removeEventListener("abort", abort);
        secured.off("error", fail);
        secured.off("close", closed);
      };
      const fail = (error: unknown) => {
        settle();
        secured.on("error", () => {});
        secured.destroy();
        socket.destroy();
        reject(error);
      };
      const closed = () => {
        const error = new Error("The connection was closed during the TLS handshake");
        fail(Object.assign(error, { code: "ECONNRESET" }));
      };
      signal.addEventListener("abort", abort, { once: true });
      secured.on("error", fail);
      secured.on("close", closed);
      secured.on("session", (ticket) => {
        if (this.#sessions.size > 256) this.#sessions.clear();
        this.#sessions.set(origin.key, ticket);
      });
      secured.once("secureConnect", () => {
        settle();
        resolve(secured);
      });
    });
  }
}

/** What the platform trusts without being told. */
function platformRoots(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (kind: "default") => string[] };
  return getCACertificates?.("default") ?? tls.rootCertificates;
}
