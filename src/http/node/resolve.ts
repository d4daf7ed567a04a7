/** Names to addresses, and only to those that the policy allows. */
import * as dns from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { HttpError } from "../error.ts";
import type { NetworkPolicy } from "../policy/policy.ts";
import type { NodeLookup, NodeSettings } from "./settings.ts";
import type { Origin } from "./target.ts";

/** How a socket is kept to allowed addresses. */
export interface Pinned {
  /** Answers the socket's question for addresses with those allowed. */
  readonly lookup?: LookupFunction;
  /** Judges the address that was connected to, before a byte is sent. */
  readonly verify?: (address: string) => HttpError | undefined;
}

/** Resolves names for a service. */
export class Resolver {
  readonly #policy: NetworkPolicy | undefined;
  readonly #lookup: NodeLookup | undefined;
  readonly #shuffle: boolean;

  /** Reads the options. */
  constructor({ options, lookup }: NodeSettings) {
    this.#policy = options.policy;
    this.#lookup = lookup;
    this.#shuffle = options.randomizeAddresses ?? true;
  }

  /**
   * Resolves a host and has the policy look at each address: the socket is then told the addresses that passed and
   * asks nobody again, so a name that changes its answer (DNS rebinding) gains nothing.
   *
   * A Deno program with net permission for the name alone may not connect to an address. There the platform
   * resolves the name a second time; the answer it used is judged before anything is sent over the connection.
   *
   * @throws {HttpError} of kind `denied`, detail `destination-IP-prohibited`, when no address passed.
   */
  async resolve(origin: Origin, url: string, signal: AbortSignal): Promise<Pinned> {
    const { hostname, port } = origin;
    if (origin.family !== 0) {
      this.#vet(origin, url, [hostname]);
      return {};
    }
    const custom = this.#lookup;
    if (custom === undefined && this.#policy === undefined && !(this.#shuffle && mayConnectAnywhere())) {
      return {};
    }
    const found = custom === undefined
      ? await systemLookup(hostname, port)
      : (await custom(hostname, signal)).filter((address) => isIP(address) !== 0);
    if (found.length === 0) {
      throw new HttpError("connect", `Failed to resolve "${hostname}": it has no addresses`, {
        detail: { tag: "DNS-error", rcode: "address not available" },
      });
    }
    const addresses = this.#vet(origin, url, found);
    if (custom === undefined && !mayConnectAnywhere() && !addresses.every((it) => mayConnect(it, port))) {
      return { verify: (address) => this.#verdict(origin, url, address) };
    }
    if (this.#shuffle) shuffle(addresses);
    return { lookup: fixedLookup(addresses) };
  }

  /** The addresses that the policy allows; throws when that is none. */
  #vet(origin: Origin, url: string, addresses: readonly string[]): string[] {
    let refusal: HttpError | undefined;
    const allowed = addresses.filter((address) => {
      const verdict = this.#verdict(origin, url, address);
      refusal ??= verdict;
      return verdict === undefined;
    });
    if (allowed.length === 0 && refusal !== undefined) throw refusal;
    return allowed;
  }

  #verdict(origin: Origin, url: string, address: string): HttpError | undefined {
    const decision = this.#policy?.checkAddress(url, address);
    if (decision === undefined || decision.allowed) return undefined;
    // The address itself stays out of the message: it may be that of an internal host.
    return new HttpError(
      "denied",
      `The policy does not allow connecting to an address of "${origin.hostname}"`,
      {
        cause: decision,
        detail: { tag: "destination-IP-prohibited" },
      },
    );
  }
}

function systemLookup(hostname: string, port: number): Promise<string[]> {
  // Deno judges the lookup by host and port, where Node ignores the property.
  const options: dns.LookupAllOptions & { port: number } = { all: true, port };
  return new Promise((resolve, reject) => {
    dns.lookup(hostname, options, (error, found) => {
      if (error !== null && error !== undefined) reject(error);
      else resolve(found.map(({ address }) => address));
    });
  });
}

function fixedLookup(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_hostname, options, callback) => {
    if (options.all) callback(null, found);
    else callback(null, found[0]!.address, found[0]!.family);
  };
}

function shuffle(list: string[]): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
}

/** The one question asked of Deno's permission API; absent elsewhere. */
type Permissions = { querySync?(descriptor: { name: "net"; host?: string }): { state: string } };
const permissions = (globalThis as { Deno?: { permissions?: Permissions } }).Deno?.permissions;

function mayConnectAnywhere(): boolean {
  return permissions?.querySync === undefined || permissions.querySync({ name: "net" }).state === "granted";
}

function mayConnect(address: string, port: number): boolean {
  const host = isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
  return permissions?.querySync?.({ name: "net", host }).state !== "denied" &&
    permissions?.querySync?.({ name: "net", host }).state !== "prompt";
}
