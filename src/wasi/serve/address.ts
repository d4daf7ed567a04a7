/** Addresses to listen on, as people read them. */

/** `http://127.0.0.1:8080` */
export function originOf(hostname: string, port: number): string {
  return `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

/** A platform's error of listening with the address in it, which not all of them name. */
export function cannotListen(hostname: string, port: number, cause: unknown): Error {
  const { name, code, message } = cause as { name?: string; code?: string; message?: string };
  const reason = name === "AddrInUse" || code === "EADDRINUSE"
    ? "the address is in use"
    : name === "AddrNotAvailable" || code === "EADDRNOTAVAIL"
    ? "this machine does not have that address"
    : message ?? String(cause);
  return new Error(`Cannot listen on ${originOf(hostname, port)}: ${reason}`, { cause });
}
