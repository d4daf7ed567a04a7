/** Socket addresses as text and back. */
import type { AddressFamily, SocketAddress, SocketIp } from "./socket.ts";

/** An address as text: `127.0.0.1`, `::1`. */
export function hostOf({ tag, val }: SocketAddress): string {
  return tag === "ipv4" ? val.address.join(".") : val.address.map((group) => group.toString(16)).join(":");
}

/** The address in a URL, where the policy looks at it. */
export function urlOf(address: SocketAddress): string {
  const host = hostOf(address);
  return `http://${address.tag === "ipv4" ? host : `[${host}]`}:${address.val.port}/`;
}

/** Whether it is 0.0.0.0 or `::`. */
export function isUnspecified({ val }: SocketAddress): boolean {
  return val.address.every((part) => part === 0);
}

/** Text as an address; `undefined` for none of that family. */
export function parseHost(host: string, family: AddressFamily): readonly number[] | undefined {
  if (family === "ipv4") {
    const parts = host.split(".").map(Number);
    return parts.length === 4 && parts.every((part) => Number.isInteger(part) && part >= 0 && part < 256)
      ? parts
      : undefined;
  }
  return parseV6(host.replace(/%.*$/, ""));
}

function parseV6(host: string): readonly number[] | undefined {
  if (!/^[0-9a-f:.]+$/i.test(host) || !host.includes(":")) return undefined;
  // An IPv4 address may stand for the last two groups.
  const text = host.replace(
    /(\d+)\.(\d+)\.(\d+)\.(\d+)$/,
    (_, a, b, c, d) =>
      `${(Number(a) * 256 + Number(b)).toString(16)}:${(Number(c) * 256 + Number(d)).toString(16)}`,
  );
  const [head, tail, ...rest] = text.split("::");
  const groups = (part: string | undefined) =>
    part === undefined || part === "" ? [] : part.split(":").map((group) => parseInt(group, 16));
  const [front, back] = [groups(head), groups(tail)];
  const missing = 8 - front.length - back.length;
  if (rest.length > 0 || (tail === undefined ? missing !== 0 : missing < 1)) return undefined;
  const all = [...front, ...new Array<number>(missing).fill(0), ...back];
  return all.every((group) => group >= 0 && group <= 0xffff) ? all : undefined;
}

/** A socket address from what Node tells of one. */
export function toAddress(host: string, port: number, family: AddressFamily): SocketAddress {
  const parts = parseHost(host, family) ?? new Array<number>(family === "ipv4" ? 4 : 8).fill(0);
  return family === "ipv4"
    ? { tag: "ipv4", val: { port, address: parts } }
    : { tag: "ipv6", val: { port, flowInfo: 0, address: parts, scopeId: 0 } };
}

/** An IP address from text. */
export function toIp(host: string): SocketIp | undefined {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  const v4 = parseHost(bare, "ipv4");
  if (v4 !== undefined) return { tag: "ipv4", val: v4 };
  const v6 = parseHost(bare, "ipv6");
  return v6 === undefined ? undefined : { tag: "ipv6", val: v6 };
}
