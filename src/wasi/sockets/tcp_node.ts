/** `tcp-socket` over `node:net`. */
import * as net from "node:net";
import { Wakers } from "../io/poll.ts";
import type { InputStream, OutputStream } from "../io/streams.ts";
import { hostOf, isUnspecified, toAddress } from "./address.ts";
import { TcpConnection, TcpInputStream, TcpOutputStream } from "./connection_node.ts";
import { codeOf } from "./error_node.ts";
import { SocketOptions } from "./options_node.ts";
import type { SocketRules } from "./rules.ts";
import {
  type AddressFamily,
  type SocketAddress,
  socketError,
  type SocketErrorCode,
  type SocketOption,
  TcpSocket,
} from "./socket.ts";

type State =
  | "unbound"
  | "bind-started"
  | "bound"
  | "listen-started"
  | "listening"
  | "connect-started"
  | "connected"
  | "closed";

/**
 * A TCP socket. Node cannot bind without listening, so a bound socket listens already and turns away whoever comes
 * before the guest listens.
 */
export class NodeTcpSocket extends TcpSocket {
  readonly #rules: SocketRules;
  readonly #family: AddressFamily;
  readonly #wakers = new Wakers();
  readonly #accepted: net.Socket[] = [];
  readonly #options: SocketOptions;
  #state: State = "unbound";
  #backlog = 128;
  #server: net.Server | undefined;
  #connection: TcpConnection | undefined;
  #pending: net.Socket | undefined;
  #done = false;
  #error: SocketErrorCode | undefined;

  /** Unbound. */
  constructor(rules: SocketRules, family: AddressFamily) {
    super();
    this.#rules = rules;
    this.#family = family;
    this.#options = new SocketOptions((option, value) => this.#apply(option, value));
  }

  startBind(address: SocketAddress): void {
    if (this.#state !== "unbound") throw socketError("invalid-state");
    this.#checkFamily(address);
    this.#rules.check(address);
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true });
    this.#server = server;
    this.#begin("bind-started");
    server.on("connection", (socket) => {
      if (this.#state !== "listening") return void socket.destroy();
      this.#accepted.push(socket);
      this.#wakers.wake();
    });
    server.on("error", (error) => this.#settle(codeOf(error)));
    server.listen(
      { host: hostOf(address), port: address.val.port, backlog: this.#backlog, exclusive: true },
      () => this.#settle(),
    );
  }

  finishBind(): void {
    this.#finish("bind-started", "bound", "unbound");
  }

  startConnect(address: SocketAddress): void {
    if (this.#state !== "unbound" && this.#state !== "bound") throw socketError("invalid-state");
    this.#checkFamily(address);
    if (isUnspecified(address) || address.val.port === 0) throw socketError("invalid-argument");
    this.#rules.check(address);
    const bound = this.#server?.address() as net.AddressInfo | undefined;
    this.#server?.close();
    this.#server = undefined;
    this.#begin("connect-started");
    const socket = net.connect({
      host: hostOf(address),
      port: address.val.port,
      allowHalfOpen: true,
      ...(bound !== undefined && { localAddress: bound.address, localPort: bound.port }),
    });
    this.#pending = socket;
    socket.once("connect", () => this.#settle());
    socket.once("error", (error) => this.#settle(codeOf(error)));
  }

  finishConnect(): readonly [InputStream, OutputStream] {
    this.#finish("connect-started", "connected", "closed");
    return this.#adopt(this.#pending!);
  }

  startListen(): void {
    if (this.#state !== "bound") throw socketError("invalid-state");
    this.#begin("listen-started");
    this.#settle();
  }

  finishListen(): void {
    this.#finish("listen-started", "listening", "closed");
  }

  accept(): readonly [TcpSocket, InputStream, OutputStream] {
    if (this.#state !== "listening") throw socketError("invalid-state");
    const socket = this.#accepted.shift();
    if (socket === undefined) throw socketError("would-block");
    const accepted = new NodeTcpSocket(this.#rules, this.#family);
    accepted.#state = "connected";
    return [accepted, ...accepted.#adopt(socket)];
  }

  localAddress(): SocketAddress {
    if (this.#connection !== undefined) {
      const { localAddress, localPort } = this.#connection.socket;
      return toAddress(localAddress ?? "", localPort ?? 0, this.#family);
    }
    const bound = this.#state === "bind-started"
      ? null
      : this.#server?.address() as net.AddressInfo | null | undefined;
    if (bound === null || bound === undefined) throw socketError("invalid-state");
    return toAddress(bound.address, bound.port, this.#family);
  }

  remoteAddress(): SocketAddress {
    if (this.#connection === undefined) throw socketError("invalid-state");
    const { remoteAddress, remotePort } = this.#connection.socket;
    return toAddress(remoteAddress ?? "", remotePort ?? 0, this.#family);
  }

  isListening(): boolean {
    return this.#state === "listening";
  }

  addressFamily(): AddressFamily {
    return this.#family;
  }

  setListenBacklogSize(value: bigint): void {
    if (value === 0n) throw socketError("invalid-argument");
    if (this.#connection !== undefined) throw socketError("invalid-state");
    this.#backlog = Number(value > 4096n ? 4096n : value);
  }

  getOption(option: SocketOption): unknown {
    return this.#options.get(option);
  }

  setOption(option: SocketOption, value: unknown): void {
    this.#options.set(option, value);
  }

  shutdown(type: "receive" | "send" | "both"): void {
    const connection = this.#connection;
    if (connection === undefined) throw socketError("invalid-state");
    if (type !== "send") {
      connection.inputEnded = true;
      connection.chunk = undefined;
    }
    if (type !== "receive" && !connection.outputEnded) {
      connection.outputEnded = true;
      connection.socket.end(); // after what was written
    }
    connection.wakers.wake();
  }

  ready(): boolean {
    if (this.#state.endsWith("-started")) return this.#done;
    return this.#state !== "listening" || this.#accepted.length > 0;
  }

  wait(wake: () => void): () => void {
    return this.#wakers.add(wake);
  }

  override drop(): void {
    this.#state = "closed";
    this.#server?.close();
    for (const socket of this.#accepted) socket.destroy();
    if (this.#connection !== undefined) this.#connection.release();
    else this.#pending?.destroy();
  }

  #begin(state: State): void {
    this.#state = state;
    this.#done = false;
    this.#error = undefined;
  }

  #settle(error?: SocketErrorCode): void {
    this.#done = true;
    this.#error ??= error;
    this.#wakers.wake();
  }

  #finish(started: State, good: State, bad: State): void {
    if (this.#state !== started) throw socketError("not-in-progress");
    if (!this.#done) throw socketError("would-block");
    this.#state = this.#error === undefined ? good : bad;
    if (this.#error !== undefined) throw socketError(this.#error);
  }

  #adopt(socket: net.Socket): readonly [InputStream, OutputStream] {
    const connection = new TcpConnection(socket).retain();
    this.#connection = connection;
    return [new TcpInputStream(connection), new TcpOutputStream(connection)];
  }

  #apply(option: SocketOption, value: unknown): void {
    if (option !== "keepAliveEnabled" && option !== "keepAliveIdleTime") return;
    const idle = Number(this.#options.get("keepAliveIdleTime") as bigint) / 1e6;
    const enabled = option === "keepAliveEnabled"
      ? value === true
      : this.#options.get("keepAliveEnabled") === true;
    this.#connection?.socket.setKeepAlive(enabled, idle);
  }

  #checkFamily(address: SocketAddress): void {
    if (address.tag !== this.#family) throw socketError("invalid-argument");
  }
}
