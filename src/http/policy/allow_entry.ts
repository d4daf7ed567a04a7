/** Reading the entries of an allow-list. */
import { ConfigurationError } from "../../store/error.ts";
import { type Cidr, formatCidr, type IpAddress, networkOf, parseIp, unfoldIp } from "./address.ts";
import { parseRequestUrl } from "../url.ts";

/** What an entry says of the host. */
export type HostPattern =
  | { readonly kind: "any" }
  | { readonly kind: "name"; readonly name: string }
  /** `suffix` begins with a dot. */
  | { readonly kind: "suffix"; readonly suffix: string }
  | { readonly kind: "address"; readonly address: IpAddress }
  | { readonly kind: "network"; readonly cidr: Cidr };

/** What an entry says of the port: the scheme's own, or from one to another, both included. */
export type PortPattern = "default" | { readonly from: number; readonly to: number };

/** An entry, read. */
export interface AllowRule {
  /** The entry as it was written. */
  readonly text: string;
  /** The scheme; both for `undefined`. */
  readonly scheme: "http" | "https" | undefined;
  /** The host. */
  readonly host: HostPattern;
  /** The port. */
  readonly ports: PortPattern;
}

/**
 * Reads one entry; see `allowList` for the forms.
 *
 * @throws {ConfigurationError} that names the entry and what is wrong with it.
 */
export function parseAllowEntry(entry: string): AllowRule {
  const text = entry.trim();
  if (text === "") throw wrong(entry, 'it is empty; to allow every public host write "*"');
  const [, schemeText, rest] = /^(?:([^:/?#@[\]]*):\/\/)?([^]*)$/.exec(text)!;
  const scheme = parseScheme(entry, schemeText);
  const network = /^\[?([0-9a-f:.]+)\]?\/(\d+)(?::([^/]*))?\/?$/i.exec(rest!);
  const base = network === null ? undefined : parseIp(network[1]!);
  if (base !== undefined) {
    const host = parseNetwork(entry, base, Number(network![2]));
    return { text, scheme, host, ports: parsePorts(entry, network![3]) };
  }
  const authority = rest!.endsWith("/") ? rest!.slice(0, -1) : rest!;
  if (/[/?#\\]/.test(authority)) {
    throw wrong(
      entry,
      "paths and queries cannot be allowed, only whole hosts; end it after the host and port",
    );
  }
  if (authority.includes("@")) throw wrong(entry, "user information has no place in it");
  const [hostText, portText] = splitAuthority(entry, authority);
  return { text, scheme, host: parseHost(entry, hostText), ports: parsePorts(entry, portText) };
}

function parseScheme(entry: string, text: string | undefined): "http" | "https" | undefined {
  switch (text?.toLowerCase()) {
    case undefined:
    case "*":
      return undefined;
    case "http":
      return "http";
    case "https":
      return "https";
    default:
      throw wrong(entry, `the scheme must be "http", "https" or "*"`);
  }
}

function splitAuthority(entry: string, authority: string): [host: string, port: string | undefined] {
  const bracketed = /^(\[[^\]]*\])(?::(.*))?$/.exec(authority);
  if (bracketed !== null) return [bracketed[1]!, bracketed[2]];
  const colons = authority.split(":");
  if (colons.length <= 2) return [colons[0]!, colons[1]];
  if (parseIp(authority) === undefined) {
    throw wrong(entry, 'an IPv6 address with a port is written "[address]:port"');
  }
  return [`[${authority}]`, undefined];
}

function parsePorts(entry: string, text: string | undefined): PortPattern {
  if (text === undefined) return "default";
  if (text === "*") return { from: 1, to: 65535 };
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const from = Number(match?.[1]);
  const to = Number(match?.[2] ?? match?.[1]);
  if (match === null || from < 1 || to > 65535) {
    throw wrong(entry, 'the port must be 1 to 65535, a range such as "8000-8999", or "*"');
  }
  if (from > to) throw wrong(entry, "its range of ports is reversed");
  return { from, to };
}

function parseHost(entry: string, text: string): HostPattern {
  if (text === "*") return { kind: "any" };
  const wildcard = text.startsWith("*.");
  const plain = wildcard ? text.slice(2) : text;
  if (plain === "") throw wrong(entry, "it names no host");
  if (plain.includes("*")) {
    throw wrong(entry, 'a wildcard stands for whole leading labels only, as in "*.example.com"');
  }
  let host: string;
  try {
    host = parseRequestUrl(`http://${plain}/`).host;
  } catch (cause) {
    throw wrong(entry, `"${plain}" is not a valid host`, cause);
  }
  const address = parseIp(host);
  if (address === undefined) {
    return wildcard ? { kind: "suffix", suffix: `.${host}` } : { kind: "name", name: host };
  }
  if (wildcard) {
    throw wrong(entry, 'a wildcard cannot stand before an address; write a network such as "10.0.0.0/8"');
  }
  return { kind: "address", address: unfoldIp(address) };
}

function parseNetwork(entry: string, base: IpAddress, prefix: number): HostPattern {
  const bits = base.length * 8;
  if (prefix > bits) throw wrong(entry, `the prefix of the network must be 0 to ${bits}`);
  const address = networkOf(base, prefix);
  if (!address.every((byte, i) => byte === base[i])) {
    throw wrong(entry, `bits beyond the prefix are set; write "${formatCidr({ address, prefix })}"`);
  }
  // A network written in IPv6 that embeds IPv4 means those IPv4 addresses.
  const plain = prefix >= 96 ? unfoldIp(address) : address;
  const length = plain.length === address.length ? prefix : prefix - 96;
  if (length === plain.length * 8) return { kind: "address", address: plain };
  return { kind: "network", cidr: { address: plain, prefix: length } };
}

function wrong(entry: string, why: string, cause?: unknown): ConfigurationError {
  const shown = entry.replace(/^((?:[^/@]*:\/\/)?)[^/]*@/, "$1");
  return new ConfigurationError(`Cannot read the allow-list entry "${shown}": ${why}`, {
    store: "HTTP",
    key: "policy",
    cause,
  });
}
