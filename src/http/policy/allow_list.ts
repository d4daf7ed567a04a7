/** The policy that guests get: an allow-list of hosts; everything else is refused. */
import {
  type AddressClass,
  cidrContains,
  classifyIp,
  formatIp,
  type IpAddress,
  isSpecialCidr,
  parseIp,
  sameIp,
  unfoldIp,
} from "./address.ts";
import { type AllowRule, parseAllowEntry } from "./allow_entry.ts";
import { HttpError } from "../error.ts";
import type { NetworkPolicy, PolicyDecision, PolicyDenied } from "./policy.ts";
import { parseRequestUrl, type RequestUrl } from "../url.ts";

/** Options of {@linkcode allowList}. */
export interface AllowListOptions {
  /**
   * Let `*`, `*.host` and host names reach private, loopback and other special addresses too. Metadata
   * addresses must still be named. For networks that are private altogether. Default false.
   */
  readonly allowPrivate?: boolean;
}

/**
 * A policy that allows what is listed and nothing else.
 *
 * | entry | allows |
 * |---|---|
 * | `api.example.com` | that host over `http:` on port 80 and `https:` on port 443 |
 * | `api.example.com:8443` | that host on that port, `http:` and `https:` |
 * | `api.example.com:8000-8999` · `api.example.com:*` | a range of ports (both ends included) · every port |
 * | `https://api.example.com` | `https:` only, port 443 |
 * | `*.example.com` | every name below `example.com`, at any depth; not `example.com` itself |
 * | `127.0.0.1:9000` · `[::1]:9000` | that address |
 * | `10.0.0.0/8` · `10.0.0.0/8:9000` · `[fd00::]/8` | URLs whose host is an address in that network |
 * | `*` · `https://*` · `*:*` | every public host: on default ports · over `https:` · on every port |
 *
 * Hosts are compared after normalisation, in entries as in URLs: case, IDN and full-width characters, percent-encoding,
 * one trailing dot, every spelling of an IPv4 address, and IPv6 addresses that embed one. URLs with user information,
 * port 0, zone ids, blanks or backslashes in the authority are refused.
 *
 * **Special addresses** (private, loopback, link-local, multicast, documentation, …) are reached only when named
 * outright: by the address, or a network that is itself special (`10.0.0.0/8` is, `0.0.0.0/0` is not). `*` never grants
 * one. Names are decided twice, as the URL and for each address they resolve to. A name may resolve to a special
 * address where
 * - it is `localhost` or below it, is listed, and the address is loopback; or
 * - it is listed exactly and nobody outside can point it elsewhere: one label (`minio`), or under `.local`,
 *   `.internal`, `.test` or `.home.arpa`; or
 * - the address is listed too, for that scheme and port.
 *
 * So `db.example.com` that suddenly resolves to 127.0.0.1 is refused. **Metadata** services of clouds need their exact
 * address, or their exact name (`metadata.google.internal`); a network does not do.
 *
 * ```ts ignore
 * const policy = allowList(["https://*.s3.amazonaws.com", "http://127.0.0.1:9000"]);
 * policy.checkUrl("http://127.0.0.1:9001/"); // { allowed: false, reason: "not-listed", message: … }
 * ```
 *
 * @throws {ConfigurationError} for an entry that cannot be read; names the entry and what is wrong with it.
 */
export function allowList(entries: readonly string[], options: AllowListOptions = {}): NetworkPolicy {
  return new AllowList(entries.map(parseAllowEntry), options);
}

// Names of metadata services; AWS's, Google's and Tencent's resolvers know them.
const METADATA_NAMES = new Set([
  "metadata",
  "metadata.google.internal",
  "metadata.goog",
  "instance-data",
  "instance-data.ec2.internal",
  "metadata.tencentyun.com",
]);

// Never delegated in the public DNS: RFC 6762, ICANN resolution 2024.07.29.06, RFC 6761, RFC 8375.
const LOCAL_SUFFIX = /\.(local|internal|test|home\.arpa)$/;

const CACHED = 1024;

interface Target extends RequestUrl {
  /** The address, where the host is one. */
  readonly ip: IpAddress | undefined;
}

class AllowList implements NetworkPolicy {
  readonly #rules: readonly AllowRule[];
  readonly #allowPrivate: boolean;
  /** Decisions by scheme and authority, all that they depend on. */
  readonly #decided = new Map<string, PolicyDecision>();

  constructor(rules: readonly AllowRule[], options: AllowListOptions) {
    this.#rules = rules;
    this.#allowPrivate = options.allowPrivate ?? false;
  }

  checkUrl(url: string): PolicyDecision {
    // A clean authority only: anything that needs thought is thought about each time.
    const origin = /^https?:\/\/[\w.:[\]-]+(?=\/[\x21-\x7e]*$)/.exec(url)?.[0];
    const known = origin === undefined ? undefined : this.#decided.get(origin);
    if (known !== undefined) return known;
    const target = readTarget(url);
    const decision = "allowed" in target ? target : this.#decideUrl(target);
    if (origin !== undefined) {
      if (this.#decided.size >= CACHED) this.#decided.clear();
      this.#decided.set(origin, decision);
    }
    return decision;
  }

  checkAddress(url: string, address: string): PolicyDecision {
    const target = readTarget(url);
    if ("allowed" in target) return target;
    const byUrl = this.#decideUrl(target);
    if (!byUrl.allowed) return byUrl;
    const ip = parseIp(address.replace(/%.*$/, ""));
    if (ip === undefined) {
      return prohibited(`"${target.host}" resolves to "${address}", which is not an IP address`);
    }
    if (target.ip !== undefined && sameIp(unfoldIp(target.ip), unfoldIp(ip))) return byUrl;
    const use = classifyIp(ip);
    if (use === "global") return byUrl;
    const rule = this.#rules.find((rule) =>
      matches(rule, target) && this.#nameGrants(rule, target.host, use) ||
      matchesWay(rule, target) && matchesIp(rule, ip) && this.#grants(rule, use)
    );
    if (rule !== undefined) return { allowed: true, rule: rule.text };
    return prohibited(
      `"${target.host}" resolves to ${formatIp(ip)}, ${describe(use)}; ` +
        `add "${entryFor({ ...target, host: formatIp(unfoldIp(ip)) })}" to allow that`,
    );
  }

  #decideUrl(target: Target): PolicyDecision {
    const use = target.ip === undefined ? classifyName(target.host) : classifyIp(target.ip);
    let listed: AllowRule | undefined;
    for (const rule of this.#rules) {
      if (!matches(rule, target)) continue;
      if (use === "global" || this.#grants(rule, use)) return { allowed: true, rule: rule.text };
      listed ??= rule;
    }
    if (listed === undefined) {
      return {
        allowed: false,
        reason: "not-listed",
        message: `"${entryFor(target)}" is not allowed; add "${entryFor(target)}" to allow it`,
      };
    }
    return prohibited(
      `"${listed.text}" does not reach "${target.host}", ${describe(use)}; ` +
        `add "${entryFor(target)}" to allow it`,
    );
  }

  /** Whether a rule whose host matches names a destination of this special use outright. */
  #grants({ host }: AllowRule, use: AddressClass): boolean {
    switch (host.kind) {
      case "name":
      case "address":
        return true;
      case "network":
        return use !== "metadata" && (this.#allowPrivate || isSpecialCidr(host.cidr));
      case "suffix":
        return use === "loopback" && isLocalhost(host.suffix) || this.#allowPrivate && use !== "metadata";
      case "any":
        return this.#allowPrivate && use !== "metadata";
    }
  }

  /** Whether a rule that matches a name lets that name resolve to an address of this special use. */
  #nameGrants(rule: AllowRule, name: string, use: AddressClass): boolean {
    if (isLocalhost(name)) return use === "loopback";
    if (METADATA_NAMES.has(name)) return use === "metadata" && rule.host.kind === "name";
    if (use === "metadata") return false;
    if (this.#allowPrivate) return true;
    return rule.host.kind === "name" && (!name.includes(".") || LOCAL_SUFFIX.test(name)) && isReachable(use);
  }
}

function readTarget(url: string): Target | PolicyDenied {
  try {
    const parsed = parseRequestUrl(url);
    return { ...parsed, ip: parseIp(parsed.host) };
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return { allowed: false, reason: "invalid", message: error.message };
  }
}

function matches(rule: AllowRule, target: Target): boolean {
  if (!matchesWay(rule, target)) return false;
  const { host } = rule;
  switch (host.kind) {
    case "any":
      return true;
    case "name":
      return target.host === host.name;
    case "suffix":
      return target.ip === undefined && target.host.endsWith(host.suffix);
    case "address":
    case "network":
      return target.ip !== undefined && matchesIp(rule, target.ip);
  }
}

/** Scheme and port. */
function matchesWay({ scheme, ports }: AllowRule, target: Target): boolean {
  if (scheme !== undefined && scheme !== target.scheme) return false;
  if (ports === "default") return target.port === (target.scheme === "https" ? 443 : 80);
  return target.port >= ports.from && target.port <= ports.to;
}

function matchesIp({ host }: AllowRule, ip: IpAddress): boolean {
  switch (host.kind) {
    case "address":
      return sameIp(host.address, unfoldIp(ip));
    case "network":
      return cidrContains(host.cidr, ip) || cidrContains(host.cidr, unfoldIp(ip));
    default:
      return false;
  }
}

function isLocalhost(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost");
}

function classifyName(name: string): AddressClass {
  if (isLocalhost(name)) return "loopback";
  return METADATA_NAMES.has(name) ? "metadata" : "global";
}

/** Whether a private name has any business to resolve to such an address. */
function isReachable(use: AddressClass): boolean {
  return use === "private" || use === "loopback" || use === "link-local" || use === "shared";
}

function prohibited(message: string): PolicyDenied {
  return { allowed: false, reason: "prohibited-address", message };
}

function describe(use: AddressClass): string {
  switch (use) {
    case "metadata":
      return "a cloud metadata service";
    case "unspecified":
      return "an unspecified address";
    default:
      return `a ${use} address`;
  }
}

/** The narrowest entry that covers the target. */
function entryFor({ scheme, host, port }: RequestUrl): string {
  const shown = host.includes(":") ? `[${host}]` : host;
  return port === (scheme === "https" ? 443 : 80) ? `${scheme}://${shown}` : `${scheme}://${shown}:${port}`;
}
