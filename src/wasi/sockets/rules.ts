/** Which addresses raw sockets may use. */
import type { NetworkPolicy } from "../../http/policy/policy.ts";
import { hostOf, urlOf } from "./address.ts";
import { type SocketAddress, socketError } from "./socket.ts";

/** Asks the policy, for addresses and for the names that they were looked up under. */
export class SocketRules {
  readonly #policy: NetworkPolicy;
  /** Names by the addresses that they resolved to. */
  readonly #names = new Map<string, Set<string>>();

  /** Decides by `policy`, whose entries name a port and no scheme, or `http`. */
  constructor(policy: NetworkPolicy) {
    this.#policy = policy;
  }

  /** A name resolved to this address. */
  learn(host: string, name: string): void {
    const names = this.#names.get(host) ?? new Set();
    this.#names.set(host, names.add(name));
  }

  /** Throws `access-denied` unless the address is allowed, or a name that led to it and may lead there. */
  check(address: SocketAddress): void {
    if (this.#policy.checkUrl(urlOf(address)).allowed) return;
    const host = hostOf(address);
    for (const name of this.#names.get(host) ?? []) {
      const url = `http://${name}:${address.val.port}/`;
      if (this.#policy.checkUrl(url).allowed && this.#policy.checkAddress(url, host).allowed) return;
    }
    throw socketError("access-denied");
  }
}
