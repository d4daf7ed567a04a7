/** Raw sockets over Node's modules. */
import { lookup } from "node:dns/promises";
import type { NetworkPolicy } from "../../http/policy/policy.ts";
import { Wakers } from "../io/poll.ts";
import { toIp } from "./address.ts";
import { codeOf } from "./error_node.ts";
import { SocketRules } from "./rules.ts";
import {
  ResolveAddressStream,
  type SocketAccess,
  socketError,
  type SocketErrorCode,
  type SocketIp,
} from "./socket.ts";
import { NodeTcpSocket } from "./tcp_node.ts";
import { NodeUdpSocket } from "./udp_node.ts";

/** Sockets to what `policy` allows; names only where `lookups`. */
export function nodeSockets(policy: NetworkPolicy, lookups: boolean): SocketAccess {
  const rules = new SocketRules(policy);
  return {
    createTcp: (family) => new NodeTcpSocket(rules, family),
    createUdp: (family) => new NodeUdpSocket(rules, family),
    resolve(name) {
      if (!lookups) throw socketError("permanent-resolver-failure");
      const literal = toIp(name);
      if (literal !== undefined) return new Resolution(Promise.resolve([literal]));
      const ascii = asciiName(name);
      if (ascii === undefined) throw socketError("invalid-argument");
      return new Resolution(
        lookup(ascii, { all: true }).then((found) =>
          found.map(({ address }) => {
            rules.learn(address, ascii);
            return toIp(address)!;
          })
        ),
      );
    },
  };
}

const NAME = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/;

/** The name in ASCII, IDN in punycode; `undefined` for no name. */
function asciiName(name: string): string | undefined {
  if (/[\s/:@?#\\[\]<>&]/.test(name)) return undefined;
  try {
    const { hostname } = new URL(`http://${name}/`);
    return NAME.test(hostname) ? hostname : undefined;
  } catch {
    return undefined;
  }
}

/** A lookup under way. */
class Resolution extends ResolveAddressStream {
  readonly #wakers = new Wakers();
  #addresses: SocketIp[] | undefined;
  #error: SocketErrorCode | undefined;

  constructor(found: Promise<readonly SocketIp[]>) {
    super();
    found.then(
      (addresses) => {
        this.#addresses = [...addresses];
      },
      (error) => {
        this.#error = codeOf(error);
      },
    ).then(() => this.#wakers.wake());
  }

  next(): SocketIp | undefined {
    if (this.#error !== undefined) throw socketError(this.#error);
    if (this.#addresses === undefined) throw socketError("would-block");
    return this.#addresses.shift();
  }

  ready(): boolean {
    return this.#addresses !== undefined || this.#error !== undefined;
  }

  wait(wake: () => void): () => void {
    return this.#wakers.add(wake);
  }
}
