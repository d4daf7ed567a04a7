/** An established TCP connection and its two streams. */
import type { Socket } from "node:net";
import { closed, IoError, lastOperationFailed } from "../io/error.ts";
import { Wakers } from "../io/poll.ts";
import { InputStream, OutputStream } from "../io/streams.ts";
import { codeOf } from "./error_node.ts";

/** Bytes that may wait to be sent. */
const WINDOW = 256 * 1024;

/** Shared by the socket resource and its streams; closed when nobody uses it any more. */
export class TcpConnection {
  /** Node's socket. */
  readonly socket: Socket;
  /** Woken at every change. */
  readonly wakers = new Wakers();
  /** Bytes received and not read. */
  chunk: Uint8Array | undefined;
  /** Whether the peer has sent all, or reading was shut down. */
  inputEnded = false;
  /** Whether writing was shut down, or the connection is gone. */
  outputEnded = false;
  /** What the connection failed with. */
  error: IoError | undefined;
  #users = 0;

  /** Takes over a socket, which must not be flowing. */
  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (data: Uint8Array) => {
      socket.pause(); // one piece at a time: the peer is held back while the guest is busy
      if (!this.inputEnded) this.chunk = data;
      this.wakers.wake();
    });
    socket.on("end", () => {
      this.inputEnded = true;
      this.wakers.wake();
    });
    socket.on("error", (error) => {
      this.error ??= new IoError(`The connection failed: ${codeOf(error)}`);
    });
    socket.on("close", () => {
      this.inputEnded = this.outputEnded = true;
      this.wakers.wake();
    });
    socket.pause();
  }

  /** One more user. */
  retain(): this {
    this.#users++;
    return this;
  }

  /** One less; the last one closes the connection, after what was written is sent. */
  release(): void {
    if (--this.#users > 0) return;
    if (this.socket.writableLength > 0) this.socket.end(() => this.socket.destroy());
    else this.socket.destroy();
  }

  /** Whether there is something to read; asks for more if not. */
  inputReady(): boolean {
    if (this.chunk !== undefined || this.inputEnded) return true;
    this.socket.resume();
    return false;
  }

  /** Asks for more, and calls `wake` at the next change. */
  waitForInput(wake: () => void): () => void {
    if (this.chunk === undefined && !this.inputEnded) this.socket.resume();
    return this.wakers.add(wake);
  }

  /** Fails once with the connection's error, then is closed. */
  fail(): never {
    const { error } = this;
    if (error === undefined) throw closed();
    this.error = undefined;
    throw lastOperationFailed(error);
  }
}

/** Reads a connection. */
export class TcpInputStream extends InputStream {
  readonly #connection: TcpConnection;

  /** Of `connection`. */
  constructor(connection: TcpConnection) {
    super();
    this.#connection = connection.retain();
  }

  read(max: number): Uint8Array {
    const connection = this.#connection;
    const { chunk } = connection;
    if (chunk !== undefined) {
      connection.chunk = chunk.length > max ? chunk.subarray(max) : undefined;
      return chunk.length > max ? chunk.subarray(0, max) : chunk;
    }
    if (connection.inputEnded) connection.fail();
    connection.socket.resume();
    return new Uint8Array(0);
  }

  ready(): boolean {
    return this.#connection.inputReady();
  }

  wait(wake: () => void): () => void {
    return this.#connection.waitForInput(wake);
  }

  override drop(): void {
    this.#connection.release();
  }
}

/** Writes a connection. */
export class TcpOutputStream extends OutputStream {
  readonly #connection: TcpConnection;
  #flushing = false;

  /** Of `connection`. */
  constructor(connection: TcpConnection) {
    super();
    this.#connection = connection.retain();
  }

  protected capacity(): number {
    const { socket, outputEnded } = this.#connection;
    if (outputEnded) this.#connection.fail();
    if (this.#flushing && socket.writableLength > 0) return 0;
    this.#flushing = false;
    return Math.max(0, WINDOW - socket.writableLength);
  }

  protected accept(bytes: Uint8Array): void {
    if (this.#connection.outputEnded) this.#connection.fail();
    this.#connection.socket.write(bytes, () => this.#connection.wakers.wake());
  }

  protected override startFlush(): boolean {
    return this.#flushing = this.#connection.socket.writableLength > 0;
  }

  ready(): boolean {
    const { socket, outputEnded } = this.#connection;
    if (outputEnded) return true;
    return this.#flushing ? socket.writableLength === 0 : socket.writableLength < WINDOW;
  }

  wait(wake: () => void): () => void {
    return this.#connection.wakers.add(wake);
  }

  override drop(): void {
    this.#connection.release();
  }
}
