/** IP addresses as bytes: reading, writing, matching networks, and telling what an address is for. Pure functions. */

/** An IP address: 4 bytes of IPv4 or 16 of IPv6, in network order. */
export type IpAddress = Uint8Array;

/** A network: all addresses that share the first `prefix` bits of `address`, whose other bits are zero. */
export interface Cidr {
  /** The first address. */
  readonly address: IpAddress;
  /** Number of leading bits that count, 0–32 or 0–128. */
  readonly prefix: number;
}

/**
 * What an address is for, by the IANA special-purpose registries; `global` is all that a stranger on the internet
 * could own, everything else needs to be named outright. `metadata`: a cloud's instance metadata or credentials.
 */
export type AddressClass =
  | "global"
  | "unspecified"
  | "loopback"
  | "private"
  | "shared"
  | "link-local"
  | "documentation"
  | "benchmarking"
  | "multicast"
  | "reserved"
  | "metadata";

/**
 * Reads a strict dotted-decimal IPv4 address or an RFC 4291 IPv6 address without brackets or zone; else `undefined`.
 */
export function parseIp(text: string): IpAddress | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): IpAddress | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    const part = parts[i]!;
    // No leading zeros: half of the world's parsers read them as octal.
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    bytes[i] = Number(part);
  }
  return bytes;
}

function parseIpv6(text: string): IpAddress | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  // "::" stands for at least one group of zeros (RFC 4291 section 2.2), and nothing else may be missing.
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set(head, 0);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

/** The bytes of colon-separated groups; the last may be dotted IPv4 where the address ends with it. */
function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [i, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
      continue;
    }
    const embedded = last && i === groups.length - 1 ? parseIpv4(group) : undefined;
    if (embedded === undefined) return undefined;
    bytes.push(...embedded);
  }
  return bytes;
}

/** An address as text: dotted decimal, or RFC 5952 (lower case, the longest run of zero groups as `::`). */
export function formatIp(address: IpAddress): string {
  if (address.length === 4) return address.join(".");
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(address[i]! << 8 | address[i + 1]!);
  const run = longestZeroRun(groups);
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  if (run.length < 2) return hex(groups);
  return `${hex(groups.slice(0, run.start))}::${hex(groups.slice(run.start + run.length))}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let i = 0; i <= groups.length; i++) {
    if (i < groups.length && groups[i] === 0) continue;
    if (i - start > best.length) best = { start, length: i - start };
    start = i + 1;
  }
  return best;
}

/** Reads `address/prefix`; `undefined` where it is none, or where bits beyond the prefix are set. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const address = match === null ? undefined : parseIp(match[1]!);
  const prefix = Number(match?.[2]);
  if (address === undefined || prefix > address.length * 8) return undefined;
  const base = networkOf(address, prefix);
  return sameIp(base, address) ? { address, prefix } : undefined;
}

/** The first address of the network of `prefix` bits that `address` lies in. */
export function networkOf(address: IpAddress, prefix: number): IpAddress {
  return address.map((byte, i) => {
    const bits = Math.min(8, Math.max(0, prefix - i * 8));
    return byte & (0xff << (8 - bits));
  });
}

/** `address/prefix`. */
export function formatCidr(cidr: Cidr): string {
  return `${formatIp(cidr.address)}/${cidr.prefix}`;
}

/** Whether the address lies in the network. IPv4 and IPv6 never match each other; {@linkcode unfoldIp} first. */
export function cidrContains(cidr: Cidr, address: IpAddress): boolean {
  if (cidr.address.length !== address.length) return false;
  const whole = cidr.prefix >> 3;
  for (let i = 0; i < whole; i++) {
    if (cidr.address[i] !== address[i]) return false;
  }
  const rest = cidr.prefix & 7;
  return rest === 0 || (cidr.address[whole]! ^ address[whole]!) >> (8 - rest) === 0;
}

/** Whether both are the same address of the same family. */
export function sameIp(a: IpAddress, b: IpAddress): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/**
 * The IPv4 address that an IPv6 address is another spelling of, or that its packets are translated to: IPv4-mapped
 * `::ffff:0:0/96`, IPv4-translated `::ffff:0:0:0/96` (RFC 2765), IPv4-compatible `::/96`, NAT64 `64:ff9b::/96`
 * (RFC 6052), 6to4 `2002::/16` (RFC 3056). Any other address is returned as it is.
 */
export function unfoldIp(address: IpAddress): IpAddress {
  if (address.length === 4) return address;
  if (cidrContains(tables().sixToFour, address)) return address.slice(2, 6);
  for (const network of tables().embeddings) {
    if (cidrContains(network, address)) {
      // "::" and "::1" lie in ::/96 and are themselves.
      const own = network.prefix === 96 && address.subarray(0, 15).every((byte) => byte === 0) &&
        address[15]! <= 1;
      return own ? address : address.slice(12);
    }
  }
  return address;
}

/** What the address is for, after {@linkcode unfoldIp}. */
export function classifyIp(address: IpAddress): AddressClass {
  const { metadata, special, globalUnicast } = tables();
  const plain = unfoldIp(address);
  if (metadata.some((other) => sameIp(other, plain))) return "metadata";
  for (const { network, use } of special) {
    if (cidrContains(network, plain)) return use;
  }
  // Of IPv6 only 2000::/3 has been given out.
  return plain.length === 4 || cidrContains(globalUnicast, plain) ? "global" : "reserved";
}

/** Whether the whole network lies in one special-purpose range, so that naming it names nothing global by accident. */
export function isSpecialCidr(cidr: Cidr): boolean {
  return tables().special.some(({ network }) =>
    network.prefix <= cidr.prefix && cidrContains(network, cidr.address)
  );
}

const SPECIAL: ReadonlyArray<readonly [use: AddressClass, ...networks: string[]]> = [
  ["unspecified", "0.0.0.0/8", "::/128"],
  ["loopback", "127.0.0.0/8", "::1/128"],
  // RFC 1918; unique local and the deprecated site-local; NAT64 prefixes of local use (RFC 8215), whose translation
  // only the network knows.
  ["private", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10", "64:ff9b:1::/48"],
  ["shared", "100.64.0.0/10"],
  ["link-local", "169.254.0.0/16", "fe80::/10"],
  ["documentation", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"],
  ["benchmarking", "198.18.0.0/15"],
  ["multicast", "224.0.0.0/4", "ff00::/8"],
  // Protocol assignments, the retired 6to4 relays, class E with broadcast; discard-only, Teredo and its neighbours,
  // segment routing.
  ["reserved", "192.0.0.0/24", "192.88.99.0/24", "240.0.0.0/4", "100::/64", "2001::/23", "5f00::/16"],
];

const METADATA = [
  "169.254.169.254", // AWS, Azure, Google Cloud, Oracle, DigitalOcean, OpenStack
  "169.254.170.2", // AWS ECS credentials
  "169.254.170.23", // AWS EKS pod identity
  "fd00:ec2::254", // AWS over IPv6
  "fd00:ec2::23", // AWS EKS pod identity over IPv6
  "fd20:ce::254", // Google Cloud over IPv6
  "100.100.100.200", // Alibaba Cloud
  "192.0.0.192", // Oracle Cloud, classic
  "168.63.129.16", // Azure's wire server
  "169.254.42.42", // Scaleway
  "169.254.0.23", // Tencent Cloud
];

interface Tables {
  readonly special: ReadonlyArray<{ readonly network: Cidr; readonly use: AddressClass }>;
  readonly metadata: readonly IpAddress[];
  readonly embeddings: readonly Cidr[];
  readonly sixToFour: Cidr;
  readonly globalUnicast: Cidr;
}

let built: Tables | undefined;

/** Built when first asked for: importing this module does nothing. */
function tables(): Tables {
  return built ??= {
    special: SPECIAL.flatMap(([use, ...networks]) => networks.map((text) => ({ network: known(text), use }))),
    metadata: METADATA.map((text) => parseIp(text)!),
    embeddings: ["::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "::/96"].map(known),
    sixToFour: known("2002::/16"),
    globalUnicast: known("2000::/3"),
  };
}

function known(text: string): Cidr {
  return parseCidr(text)!;
}
