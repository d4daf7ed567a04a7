/** `wasi:sockets`: what sockets can do, whatever carries them. */
import { Resource } from "../abi/handles.ts";
import { WitError } from "../abi/lower.ts";
import type { Waitable } from "../io/poll.ts";
import type { InputStream, OutputStream } from "../io/streams.ts";

/** `error-code`, in WIT's order. */
export const ERROR_CODES = [
  "unknown",
  "access-denied",
  "not-supported",
  "invalid-argument",
  "out-of-memory",
  "timeout",
  "concurrency-conflict",
  "not-in-progress",
  "would-block",
  "invalid-state",
  "new-socket-limit",
  "address-not-bindable",
  "address-in-use",
  "remote-unreachable",
  "connection-refused",
  "connection-reset",
  "connection-aborted",
  "datagram-too-large",
  "name-unresolvable",
  "temporary-resolver-failure",
  "permanent-resolver-failure",
] as const;

/** `error-code` */
export type SocketErrorCode = typeof ERROR_CODES[number];

/** An `err` with this code, to throw. */
export function socketError(code: SocketErrorCode): WitError {
  return new WitError(code);
}

/** `ip-address-family` */
export type AddressFamily = "ipv4" | "ipv6";

/** `ip-address` */
export type SocketIp =
  | { readonly tag: "ipv4"; readonly val: readonly number[] }
  | { readonly tag: "ipv6"; readonly val: readonly number[] };

/** `ip-socket-address` */
export type SocketAddress =
  | { readonly tag: "ipv4"; readonly val: { readonly port: number; readonly address: readonly number[] } }
  | {
    readonly tag: "ipv6";
    readonly val: {
      readonly port: number;
      readonly flowInfo: number;
      readonly address: readonly number[];
      readonly scopeId: number;
    };
  };

/** `network`: the right to name addresses. Holding one grants nothing by itself. */
export class Network extends Resource {}

/** Options of sockets that can be read and set, by their WIT names in camelCase. */
export type SocketOption =
  | "keepAliveEnabled"
  | "keepAliveIdleTime"
  | "keepAliveInterval"
  | "keepAliveCount"
  | "hopLimit"
  | "receiveBufferSize"
  | "sendBufferSize";

/** `tcp-socket` */
export abstract class TcpSocket extends Resource implements Waitable {
  abstract startBind(address: SocketAddress): void;
  abstract finishBind(): void;
  abstract startConnect(address: SocketAddress): void;
  abstract finishConnect(): readonly [InputStream, OutputStream];
  abstract startListen(): void;
  abstract finishListen(): void;
  abstract accept(): readonly [TcpSocket, InputStream, OutputStream];
  abstract localAddress(): SocketAddress;
  abstract remoteAddress(): SocketAddress;
  abstract isListening(): boolean;
  abstract addressFamily(): AddressFamily;
  abstract setListenBacklogSize(value: bigint): void;
  abstract getOption(option: SocketOption): unknown;
  abstract setOption(option: SocketOption, value: unknown): void;
  abstract shutdown(type: "receive" | "send" | "both"): void;
  abstract ready(): boolean;
  abstract wait(wake: () => void): () => void;
}

/** `incoming-datagram` */
export interface IncomingDatagram {
  /** Payload. */
  readonly data: Uint8Array;
  /** Sender. */
  readonly remoteAddress: SocketAddress;
}

/** `outgoing-datagram` */
export interface OutgoingDatagram {
  /** Payload. */
  readonly data: Uint8Array;
  /** Receiver; needed unless the socket has a remote address. */
  readonly remoteAddress: SocketAddress | undefined;
}

/** `incoming-datagram-stream` */
export abstract class IncomingDatagramStream extends Resource implements Waitable {
  abstract receive(max: bigint): readonly IncomingDatagram[];
  abstract ready(): boolean;
  abstract wait(wake: () => void): () => void;
}

/** `outgoing-datagram-stream` */
export abstract class OutgoingDatagramStream extends Resource implements Waitable {
  abstract checkSend(): bigint;
  abstract send(datagrams: readonly OutgoingDatagram[]): bigint;
  abstract ready(): boolean;
  abstract wait(wake: () => void): () => void;
}

/** `udp-socket` */
export abstract class UdpSocket extends Resource implements Waitable {
  abstract startBind(address: SocketAddress): void;
  abstract finishBind(): void;
  abstract stream(
    remote: SocketAddress | undefined,
  ): readonly [IncomingDatagramStream, OutgoingDatagramStream];
  abstract localAddress(): SocketAddress;
  abstract remoteAddress(): SocketAddress;
  abstract addressFamily(): AddressFamily;
  abstract getOption(option: SocketOption): unknown;
  abstract setOption(option: SocketOption, value: unknown): void;
  abstract ready(): boolean;
  abstract wait(wake: () => void): () => void;
}

/** `resolve-address-stream` */
export abstract class ResolveAddressStream extends Resource implements Waitable {
  abstract next(): SocketIp | undefined;
  abstract ready(): boolean;
  abstract wait(wake: () => void): () => void;
}

/** An instance's access to raw sockets. */
export interface SocketAccess {
  /** `create-tcp-socket` */
  createTcp(family: AddressFamily): TcpSocket;
  /** `create-udp-socket` */
  createUdp(family: AddressFamily): UdpSocket;
  /** `resolve-addresses` */
  resolve(name: string): ResolveAddressStream;
}

/** Refuses everything, in the way that `wasi:sockets` refuses. */
export const deniedSockets: SocketAccess = {
  createTcp() {
    throw socketError("access-denied");
  },
  createUdp() {
    throw socketError("access-denied");
  },
  resolve() {
    throw socketError("permanent-resolver-failure");
  },
};
