/** Streams over open files. Files of a disk are always ready: they are read and written in place. */
import { readSync, writeSync } from "node:fs";
import { closed, IoError, lastOperationFailed } from "../io/error.ts";
import { InputStream, MAX_CHUNK, OutputStream } from "../io/streams.ts";
import type { FilesystemErrorCode } from "./descriptor.ts";
import { codeOf } from "./error_node.ts";
import type { OpenFile } from "./open_file_node.ts";

/** One read of a file. */
const READ = 256 * 1024;

/** Reads a file from an offset. */
export class FileInputStream extends InputStream {
  readonly #file: OpenFile;
  #offset: number;
  #over = false;

  /** Keeps the file open for as long as it lives. */
  constructor(file: OpenFile, offset: bigint) {
    super();
    this.#file = file.retain();
    this.#offset = Number(offset);
  }

  read(max: number): Uint8Array {
    if (this.#over) throw closed();
    // Asking for nothing tells of the end too, so one byte is looked at and not consumed.
    const buffer = new Uint8Array(Math.max(1, Math.min(max, READ)));
    let size: number;
    try {
      size = readSync(this.#file.fd, buffer, 0, buffer.length, this.#offset);
    } catch (error) {
      this.#over = true;
      const code = codeOf(error);
      throw lastOperationFailed(new IoError(`Cannot read the file: ${code}`, { filesystem: code }));
    }
    if (size === 0) {
      this.#over = true;
      throw closed();
    }
    if (max === 0) return new Uint8Array(0);
    this.#offset += size;
    return buffer.subarray(0, size);
  }

  ready(): boolean {
    return true;
  }

  wait(wake: () => void): () => void {
    wake();
    return () => {};
  }

  override drop(): void {
    this.#file.release();
  }
}

/** Fails once, then is closed. */
export class UnreadableStream extends InputStream {
  readonly #code: FilesystemErrorCode;
  #told = false;

  /** Fails with `code`. */
  constructor(code: FilesystemErrorCode) {
    super();
    this.#code = code;
  }

  read(): Uint8Array {
    if (this.#told) throw closed();
    this.#told = true;
    throw lastOperationFailed(new IoError(`Cannot read: ${this.#code}`, { filesystem: this.#code }));
  }

  ready(): boolean {
    return true;
  }

  wait(wake: () => void): () => void {
    wake();
    return () => {};
  }
}

/** Writes a file from an offset, or at its end. */
export class FileOutputStream extends OutputStream {
  readonly #file: OpenFile;
  #offset: number | null;
  #over = false;

  /** `offset` `undefined` appends. Keeps the file open for as long as it lives. */
  constructor(file: OpenFile, offset: bigint | undefined) {
    super();
    this.#file = file.retain();
    this.#offset = offset === undefined ? null : Number(offset);
  }

  protected capacity(): number {
    if (this.#over) throw closed();
    return MAX_CHUNK;
  }

  protected accept(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length;) {
        const position = this.#offset ?? this.#file.size();
        const size = writeSync(this.#file.fd, bytes, at, bytes.length - at, position);
        at += size;
        if (this.#offset !== null) this.#offset += size;
      }
    } catch (error) {
      this.#over = true;
      const code = codeOf(error);
      throw lastOperationFailed(new IoError(`Cannot write the file: ${code}`, { filesystem: code }));
    }
  }

  ready(): boolean {
    return true;
  }

  wait(wake: () => void): () => void {
    wake();
    return () => {};
  }

  override drop(): void {
    this.#file.release();
  }
}
