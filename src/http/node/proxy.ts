/** HTTP proxies: which requests go through one, and tunnels through it (RFC 9110 section 9.3.6). */
import { request as httpRequest } from "node:http";
import { BlockList, isIP, type Socket } from "node:net";
import { HttpError, type HttpErrorDetail } from "../error.ts";
import type { ClientOptions } from "../options.ts";
import { parseProxyUrl } from "./check_options.ts";
import { type Origin, parseTarget } from "./target.ts";

/** A proxy and whom it serves. */
export interface Proxy {
  /** Where it listens. */
  readonly origin: Origin;
  /** Value of `proxy-authorization`, where the URL had user information. */
  readonly authorization: string | undefined;
  /** Whether connections to this origin go through it. */
  serves(origin: Origin): boolean;
}

/** The proxy of these options; none for `undefined`. */
export function proxyOf(options: ClientOptions): Proxy | undefined {
  if (options.proxyUrl === undefined) return undefined;
  const url = parseProxyUrl(options.proxyUrl);
  const authorization = url.username === "" && url.password === ""
    ? undefined
    : "Basic " + btoa(latin1(decodeURIComponent(url.username) + ":" + decodeURIComponent(url.password)));
  const excluded = excludes(options.proxyExcludes ?? "");
  return {
    origin: parseTarget(`${url.protocol}//${url.host}`).origin,
    authorization,
    serves: (origin) => !excluded(origin.hostname),
  };
}

/** UTF-8 bytes as a binary string, which is what `btoa` takes (RFC 7617 leaves the charset open; UTF-8 is usual). */
function latin1(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

function excludes(list: string): (hostname: string) => boolean {
  const names: string[] = [];
  const addresses = new BlockList();
  let all = false;
  for (const entry of list.split(",").map((text) => text.trim().toLowerCase())) {
    const [address = "", bits] = entry.replace(/[\[\]]/g, "").split("/");
    const family = isIP(address);
    if (entry === "*") all = true;
    else if (family !== 0) {
      const type = family === 6 ? "ipv6" : "ipv4";
      if (bits === undefined) addresses.addAddress(address, type);
      else addresses.addSubnet(address, Number(bits), type);
    } else if (entry !== "") names.push(entry.replace(/^\*?\./, ""));
  }
  return (hostname) => {
    if (all) return true;
    const family = isIP(hostname);
    if (family !== 0) return addresses.check(hostname, family === 6 ? "ipv6" : "ipv4");
    // A name stands for itself and all names below it, as in curl and reqwest.
    return names.some((name) => hostname === name || hostname.endsWith("." + name));
  };
}

/**
 * Asks the proxy at the other end of `socket` for a tunnel.
 *
 * @throws {HttpError} of kind `connect` or `denied` when there will be none.
 */
export function openTunnel(socket: Socket, proxy: Proxy, to: Origin, signal: AbortSignal): Promise<Socket> {
  const hostname = to.family === 6 ? `[${to.hostname}]` : to.hostname;
  const authority = `${hostname}:${to.port}`;
  const headers = ["Host", authority];
  if (proxy.authorization !== undefined) headers.push("Proxy-Authorization", proxy.authorization);
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      method: "CONNECT",
      host: proxy.origin.hostname,
      path: authority,
      headers,
      createConnection: () => socket,
    });
    const abort = () => request.destroy(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    const settle = () => signal.removeEventListener("abort", abort);
    request.on("connect", (response, tunnel, head) => {
      settle();
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) {
        // Bytes that came with the answer belong to whoever is at the far end.
        if (head.byteLength > 0) tunnel.unshift(head);
        resolve(tunnel as Socket);
      } else {
        tunnel.destroy();
        reject(refusal(status));
      }
    });
    request.on("response", (response) => {
      settle();
      response.destroy();
      reject(refusal(response.statusCode ?? 0));
    });
    request.on("error", (error) => {
      settle();
      socket.destroy();
      reject(error);
    });
    request.end();
  });
}

const REFUSALS: Readonly<Record<number, HttpErrorDetail>> = {
  404: { tag: "destination-not-found" },
  407: { tag: "configuration-error" },
  504: { tag: "connection-timeout" },
};

function refusal(status: number): HttpError {
  const denied = status === 403 || status === 407;
  const detail: HttpErrorDetail = REFUSALS[status] ??
    { tag: status === 403 ? "HTTP-request-denied" : "destination-unavailable" };
  return new HttpError(denied ? "denied" : "connect", `The proxy refused the tunnel with status ${status}`, {
    detail,
  });
}
