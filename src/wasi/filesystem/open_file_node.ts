/** An open file shared by a descriptor and the streams made from it. */
import { closeSync, fstatSync } from "node:fs";

/** A file descriptor that is closed when nobody uses it any more. */
export class OpenFile {
  /** The process's file descriptor. */
  readonly fd: number;
  #users = 1;

  /** With one user. */
  constructor(fd: number) {
    this.fd = fd;
  }

  /** One more user. */
  retain(): this {
    this.#users++;
    return this;
  }

  /** One less. */
  release(): void {
    if (--this.#users === 0) closeSync(this.fd);
  }

  /** Bytes in the file now. */
  size(): number {
    return fstatSync(this.fd).size;
  }
}
