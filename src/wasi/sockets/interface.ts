/** The interfaces of `wasi:sockets`. */
import {
  type AbiType,
  bool,
  borrow,
  bytes,
  enumeration,
  list,
  option,
  own,
  record,
  resource,
  result,
  string,
  tuple,
  u16,
  u32,
  u64,
  u8,
  variant,
} from "../abi/types.ts";
import { fn, type HostFunction, type HostInterface, suspending } from "../host.ts";
import { inputStream, outputStream, pollable } from "../io/interface.ts";
import {
  type AddressFamily,
  ERROR_CODES,
  type IncomingDatagram,
  type IncomingDatagramStream,
  Network,
  type OutgoingDatagram,
  type OutgoingDatagramStream,
  type ResolveAddressStream,
  type SocketAddress,
  type SocketIp,
  type SocketOption,
  type TcpSocket,
  type UdpSocket,
} from "./socket.ts";

const network = resource<Network>("wasi:sockets/network#Network");
const tcpSocket = resource<TcpSocket>("wasi:sockets/tcp#TcpSocket");
const udpSocket = resource<UdpSocket>("wasi:sockets/udp#UdpSocket");
const incomingDatagrams = resource<IncomingDatagramStream>("wasi:sockets/udp#IncomingDatagramStream");
const outgoingDatagrams = resource<OutgoingDatagramStream>("wasi:sockets/udp#OutgoingDatagramStream");
const addressStream = resource<ResolveAddressStream>("wasi:sockets/ip-name-lookup#ResolveAddressStream");

const errorCode = enumeration(...ERROR_CODES);
const family = enumeration<AddressFamily>("ipv4", "ipv6");
const ipv4 = tuple(u8, u8, u8, u8) as unknown as AbiType<readonly number[]>;
const ipv6 = tuple(u16, u16, u16, u16, u16, u16, u16, u16) as unknown as AbiType<readonly number[]>;
const ip = variant<SocketIp>({ ipv4, ipv6 });
const address = variant<SocketAddress>({
  ipv4: record({ port: u16, address: ipv4 }),
  ipv6: record({ port: u16, flowInfo: u32, address: ipv6, scopeId: u32 }),
});
const shutdownType = enumeration("receive", "send", "both");
const incoming = record<IncomingDatagram>({ data: bytes, remoteAddress: address });
const outgoing = record<OutgoingDatagram>({ data: bytes, remoteAddress: option(address) });

const done = result(undefined, errorCode);
const tcp = borrow(tcpSocket);
const udp = borrow(udpSocket);
const nothing = (_: void) => undefined;

/** Getter and setter of an option. */
function socketOption(
  socket: "tcp-socket" | "udp-socket",
  name: string,
  key: SocketOption,
  type: AbiType<unknown>,
): Record<string, HostFunction> {
  const self = (socket === "tcp-socket" ? tcp : udp) as AbiType<TcpSocket | UdpSocket>;
  return {
    [`[method]${socket}.${name}`]: fn([self], result(type, errorCode), (_, it) => it.getOption(key)),
    [`[method]${socket}.set-${name}`]: fn(
      [self, type],
      done,
      (_, it, value) => nothing(it.setOption(key, value)),
    ),
  };
}

const anyU64 = u64 as AbiType<unknown>;
const anyU32 = u32 as AbiType<unknown>;
const anyU8 = u8 as AbiType<unknown>;

const tcpFunctions: Record<string, HostFunction> = {
  "[method]tcp-socket.start-bind": fn(
    [tcp, borrow(network), address],
    done,
    (_, it, _network, local) => nothing(it.startBind(local)),
  ),
  "[method]tcp-socket.finish-bind": suspending([tcp], done, async (instance, it) => {
    // Binding takes no time on any system but this: guests do not expect to wait for it.
    await instance.ready(it);
    return nothing(it.finishBind());
  }),
  "[method]tcp-socket.start-connect": fn(
    [tcp, borrow(network), address],
    done,
    (_, it, _network, remote) => nothing(it.startConnect(remote)),
  ),
  "[method]tcp-socket.finish-connect": suspending(
    [tcp],
    result(tuple(own(inputStream), own(outputStream)), errorCode),
    (instance, it) => instance.fairly(() => it.finishConnect()),
  ),
  "[method]tcp-socket.start-listen": fn([tcp], done, (_, it) => nothing(it.startListen())),
  "[method]tcp-socket.finish-listen": fn([tcp], done, (_, it) => nothing(it.finishListen())),
  "[method]tcp-socket.accept": suspending(
    [tcp],
    result(tuple(own(tcpSocket), own(inputStream), own(outputStream)), errorCode),
    (instance, it) => instance.fairly(() => it.accept()),
  ),
  "[method]tcp-socket.local-address": fn([tcp], result(address, errorCode), (_, it) => it.localAddress()),
  "[method]tcp-socket.remote-address": fn([tcp], result(address, errorCode), (_, it) => it.remoteAddress()),
  "[method]tcp-socket.is-listening": fn([tcp], bool, (_, it) => it.isListening()),
  "[method]tcp-socket.address-family": fn([tcp], family, (_, it) => it.addressFamily()),
  "[method]tcp-socket.set-listen-backlog-size": fn(
    [tcp, u64],
    done,
    (_, it, value) => nothing(it.setListenBacklogSize(value)),
  ),
  ...socketOption("tcp-socket", "keep-alive-enabled", "keepAliveEnabled", bool as AbiType<unknown>),
  ...socketOption("tcp-socket", "keep-alive-idle-time", "keepAliveIdleTime", anyU64),
  ...socketOption("tcp-socket", "keep-alive-interval", "keepAliveInterval", anyU64),
  ...socketOption("tcp-socket", "keep-alive-count", "keepAliveCount", anyU32),
  ...socketOption("tcp-socket", "hop-limit", "hopLimit", anyU8),
  ...socketOption("tcp-socket", "receive-buffer-size", "receiveBufferSize", anyU64),
  ...socketOption("tcp-socket", "send-buffer-size", "sendBufferSize", anyU64),
  "[method]tcp-socket.subscribe": fn([tcp], own(pollable), (instance, it) => instance.subscribe(it)),
  "[method]tcp-socket.shutdown": fn([tcp, shutdownType], done, (_, it, how) => nothing(it.shutdown(how))),
};

const udpFunctions: Record<string, HostFunction> = {
  "[method]udp-socket.start-bind": fn(
    [udp, borrow(network), address],
    done,
    (_, it, _network, local) => nothing(it.startBind(local)),
  ),
  "[method]udp-socket.finish-bind": suspending([udp], done, async (instance, it) => {
    // Binding takes no time on any system but this: guests do not expect to wait for it.
    await instance.ready(it);
    return nothing(it.finishBind());
  }),
  "[method]udp-socket.stream": fn(
    [udp, option(address)],
    result(tuple(own(incomingDatagrams), own(outgoingDatagrams)), errorCode),
    (_, it, remote) => it.stream(remote),
  ),
  "[method]udp-socket.local-address": fn([udp], result(address, errorCode), (_, it) => it.localAddress()),
  "[method]udp-socket.remote-address": fn([udp], result(address, errorCode), (_, it) => it.remoteAddress()),
  "[method]udp-socket.address-family": fn([udp], family, (_, it) => it.addressFamily()),
  ...socketOption("udp-socket", "unicast-hop-limit", "hopLimit", anyU8),
  ...socketOption("udp-socket", "receive-buffer-size", "receiveBufferSize", anyU64),
  ...socketOption("udp-socket", "send-buffer-size", "sendBufferSize", anyU64),
  "[method]udp-socket.subscribe": fn([udp], own(pollable), (instance, it) => instance.subscribe(it)),
  "[method]incoming-datagram-stream.receive": suspending(
    [borrow(incomingDatagrams), u64],
    result(list(incoming), errorCode),
    (instance, it, max) => instance.fairly(() => it.receive(max)),
  ),
  "[method]incoming-datagram-stream.subscribe": fn(
    [borrow(incomingDatagrams)],
    own(pollable),
    (instance, it) => instance.subscribe(it),
  ),
  "[method]outgoing-datagram-stream.check-send": fn(
    [borrow(outgoingDatagrams)],
    result(u64, errorCode),
    (_, it) => it.checkSend(),
  ),
  "[method]outgoing-datagram-stream.send": fn(
    [borrow(outgoingDatagrams), list(outgoing)],
    result(u64, errorCode),
    (_, it, datagrams) => it.send(datagrams),
  ),
  "[method]outgoing-datagram-stream.subscribe": fn(
    [borrow(outgoingDatagrams)],
    own(pollable),
    (instance, it) => instance.subscribe(it),
  ),
};

/** All of `wasi:sockets`. */
export const socketInterfaces: readonly HostInterface[] = [
  { name: "wasi:sockets/network", resources: ["network"], functions: {} },
  {
    name: "wasi:sockets/instance-network",
    functions: { "instance-network": fn([], own(network), () => new Network()) },
  },
  { name: "wasi:sockets/tcp", resources: ["tcp-socket"], functions: tcpFunctions },
  {
    name: "wasi:sockets/tcp-create-socket",
    functions: {
      "create-tcp-socket": fn(
        [family],
        result(own(tcpSocket), errorCode),
        ({ capabilities }, kind) => capabilities.sockets.createTcp(kind),
      ),
    },
  },
  {
    name: "wasi:sockets/udp",
    resources: ["udp-socket", "incoming-datagram-stream", "outgoing-datagram-stream"],
    functions: udpFunctions,
  },
  {
    name: "wasi:sockets/udp-create-socket",
    functions: {
      "create-udp-socket": fn(
        [family],
        result(own(udpSocket), errorCode),
        ({ capabilities }, kind) => capabilities.sockets.createUdp(kind),
      ),
    },
  },
  {
    name: "wasi:sockets/ip-name-lookup",
    resources: ["resolve-address-stream"],
    functions: {
      "resolve-addresses": fn(
        [borrow(network), string],
        result(own(addressStream), errorCode),
        ({ capabilities }, _network, name) => capabilities.sockets.resolve(name),
      ),
      "[method]resolve-address-stream.resolve-next-address": suspending(
        [borrow(addressStream)],
        result(option(ip), errorCode),
        (instance, it) => instance.fairly(() => it.next()),
      ),
      "[method]resolve-address-stream.subscribe": fn(
        [borrow(addressStream)],
        own(pollable),
        (instance, it) => instance.subscribe(it),
      ),
    },
  },
];
