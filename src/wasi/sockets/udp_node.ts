/** `udp-socket` over `node:dgram`. */
import * as dgram from "node:dgram";
import { Wakers } from "../io/poll.ts";
import { hostOf, isUnspecified, toAddress } from "./address.ts";
import { codeOf } from "./error_node.ts";
import { SocketOptions } from "./options_node.ts";
import type { SocketRules } from "./rules.ts";
import {
  type AddressFamily,
  type IncomingDatagram,
  IncomingDatagramStream,
  type OutgoingDatagram,
  OutgoingDatagramStream,
  type SocketAddress,
  socketError,
  type SocketErrorCode,
  type SocketOption,
  UdpSocket,
} from "./socket.ts";

/** Datagrams that wait to be read; further ones are lost, as the network may lose them. */
const QUEUE = 1000;
/** Datagrams that may be sent in one call. */
const PERMIT = 16n;
/** The most that a datagram over IPv4 can carry. */
const MAX_PAYLOAD = 65_507;

/** A UDP socket. */
export class NodeUdpSocket extends UdpSocket {
  readonly #rules: SocketRules;
  readonly #family: AddressFamily;
  readonly #wakers = new Wakers();
  readonly #options = new SocketOptions(() => {});
  readonly #socket: dgram.Socket;
  #state: "unbound" | "bind-started" | "bound" = "unbound";
  #done = false;
  #error: SocketErrorCode | undefined;
  #remote: SocketAddress | undefined;
  #pair: Pair | undefined;

  /** Unbound. */
  constructor(rules: SocketRules, family: AddressFamily) {
    super();
    this.#rules = rules;
    this.#family = family;
    this.#socket = dgram.createSocket({
      type: family === "ipv4" ? "udp4" : "udp6",
      ipv6Only: family === "ipv6",
    });
    this.#socket.on("error", (error) => {
      this.#error ??= codeOf(error);
      this.#done = true;
      this.#wakers.wake();
    });
    this.#socket.on(
      "message",
      (data, { address, port }) =>
        this.#pair?.receive({ data, remoteAddress: toAddress(address, port, family) }),
    );
  }

  startBind(address: SocketAddress): void {
    if (this.#state !== "unbound") throw socketError("invalid-state");
    if (address.tag !== this.#family) throw socketError("invalid-argument");
    this.#rules.check(address);
    this.#state = "bind-started";
    this.#socket.bind({ address: hostOf(address), port: address.val.port }, () => {
      this.#done = true;
      this.#wakers.wake();
    });
  }

  finishBind(): void {
    if (this.#state !== "bind-started") throw socketError("not-in-progress");
    if (!this.#done) throw socketError("would-block");
    if (this.#error !== undefined) {
      this.#state = "unbound";
      throw socketError(this.#error);
    }
    this.#state = "bound";
  }

  stream(remote: SocketAddress | undefined): readonly [IncomingDatagramStream, OutgoingDatagramStream] {
    if (this.#state !== "bound") throw socketError("invalid-state");
    if (remote !== undefined) {
      if (remote.tag !== this.#family || isUnspecified(remote) || remote.val.port === 0) {
        throw socketError("invalid-argument");
      }
      this.#rules.check(remote);
    }
    this.#pair?.close();
    this.#remote = remote;
    const pair = new Pair(this.#socket, this.#rules, this.#family, remote);
    this.#pair = pair;
    return [new Incoming(pair), new Outgoing(pair)];
  }

  localAddress(): SocketAddress {
    if (this.#state !== "bound") throw socketError("invalid-state");
    const { address, port } = this.#socket.address();
    return toAddress(address, port, this.#family);
  }

  remoteAddress(): SocketAddress {
    if (this.#remote === undefined) throw socketError("invalid-state");
    return this.#remote;
  }

  addressFamily(): AddressFamily {
    return this.#family;
  }

  getOption(option: SocketOption): unknown {
    return this.#options.get(option);
  }

  setOption(option: SocketOption, value: unknown): void {
    this.#options.set(option, value);
  }

  ready(): boolean {
    return this.#state !== "bind-started" || this.#done;
  }

  wait(wake: () => void): () => void {
    return this.#wakers.add(wake);
  }

  override drop(): void {
    this.#pair?.close();
    this.#socket.close();
  }
}

/** What the two streams of a socket share. */
class Pair {
  readonly socket: dgram.Socket;
  readonly rules: SocketRules;
  readonly family: AddressFamily;
  readonly remote: SocketAddress | undefined;
  readonly wakers = new Wakers();
  readonly queue: IncomingDatagram[] = [];
  closed = false;
  error: SocketErrorCode | undefined;

  constructor(
    socket: dgram.Socket,
    rules: SocketRules,
    family: AddressFamily,
    remote: SocketAddress | undefined,
  ) {
    this.socket = socket;
    this.rules = rules;
    this.family = family;
    this.remote = remote;
  }

  receive(datagram: IncomingDatagram): void {
    const { remote } = this;
    if (this.closed || this.queue.length >= QUEUE) return;
    if (remote !== undefined && JSON.stringify(remote) !== JSON.stringify(datagram.remoteAddress)) return;
    this.queue.push(datagram);
    this.wakers.wake();
  }

  close(): void {
    this.closed = true;
    this.queue.length = 0;
    this.wakers.wake();
  }

  fail(): void {
    const { error } = this;
    this.error = undefined;
    if (error !== undefined) throw socketError(error);
  }
}

class Incoming extends IncomingDatagramStream {
  readonly #pair: Pair;

  constructor(pair: Pair) {
    super();
    this.#pair = pair;
  }

  receive(max: bigint): readonly IncomingDatagram[] {
    this.#pair.fail();
    return this.#pair.queue.splice(0, Number(max > BigInt(QUEUE) ? BigInt(QUEUE) : max));
  }

  ready(): boolean {
    return this.#pair.queue.length > 0 || this.#pair.closed || this.#pair.error !== undefined;
  }

  wait(wake: () => void): () => void {
    return this.#pair.wakers.add(wake);
  }
}

class Outgoing extends OutgoingDatagramStream {
  readonly #pair: Pair;
  #permit = 0n;

  constructor(pair: Pair) {
    super();
    this.#pair = pair;
  }

  checkSend(): bigint {
    this.#pair.fail();
    return this.#permit = PERMIT;
  }

  send(datagrams: readonly OutgoingDatagram[]): bigint {
    const { socket, rules, family, remote } = this.#pair;
    if (BigInt(datagrams.length) > this.#permit) {
      throw new RangeError("unpermitted: argument exceeds permitted size");
    }
    this.#permit -= BigInt(datagrams.length);
    let sent = 0n;
    for (const { data, remoteAddress } of datagrams) {
      const target = remoteAddress ?? remote;
      try {
        if (target === undefined || target.tag !== family || isUnspecified(target) || target.val.port === 0) {
          throw socketError("invalid-argument");
        }
        if (remote !== undefined && remoteAddress !== undefined && urlDiffers(remote, remoteAddress)) {
          throw socketError("invalid-argument");
        }
        if (data.length > MAX_PAYLOAD) throw socketError("datagram-too-large");
        rules.check(target);
      } catch (error) {
        if (sent > 0n) return sent; // the first failure is told by the next call, about the first datagram of it
        throw error;
      }
      socket.send(data, target.val.port, hostOf(target), (error) => {
        if (error) this.#pair.error ??= codeOf(error);
        this.#pair.wakers.wake();
      });
      sent++;
    }
    return sent;
  }

  ready(): boolean {
    return true;
  }

  wait(wake: () => void): () => void {
    return this.#pair.wakers.add(wake);
  }
}

function urlDiffers(a: SocketAddress, b: SocketAddress): boolean {
  return hostOf(a) !== hostOf(b) || a.val.port !== b.val.port;
}
