/** A client's connection: requests go out as bytes, answers are read as slowly as one likes, and it may be dropped. */

/** The head of an answer. */
export interface Head {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

/** Takes a piece of a body; what it returns is waited for before more is read. */
export type Sink = (piece: Uint8Array) => Promise<void> | void;

/** The answer broke off. */
export class CutOff extends Error {
  override readonly name = "CutOff";
}

const CR_LF_CR_LF = [13, 10, 13, 10] as const;

/** See the file's head. HTTP/1.1, without pipelining. */
export class Connection {
  readonly #conn: Deno.Conn;
  readonly #room: Uint8Array;
  #start = 0;
  #end = 0;
  #closed = false;
  #answered = false;

  private constructor(conn: Deno.Conn, room: number) {
    this.#conn = conn;
    this.#room = new Uint8Array(room);
  }

  /** `room` is how much is read at once. */
  static async open(hostname: string, port: number, room = 65_536): Promise<Connection> {
    return new Connection(await Deno.connect({ hostname, port }), room);
  }

  /** Whether anything has come back since the last thing that was sent. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Sends all of it. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#answered = false;
    try {
      for (let sent = 0; sent < bytes.length;) sent += await this.#conn.write(bytes.subarray(sent));
    } catch (cause) {
      throw new CutOff("The connection takes no more", { cause });
    }
  }

  /** Reads a head. */
  async head(): Promise<Head> {
    let text = "";
    for (let matched = 0; matched < 4;) {
      if (this.#start === this.#end) await this.#fill();
      const byte = this.#room[this.#start++]!;
      matched = byte === CR_LF_CR_LF[matched] ? matched + 1 : byte === 13 ? 1 : 0;
      text += String.fromCharCode(byte);
    }
    const [line = "", ...rest] = text.trimEnd().split("\r\n");
    const headers = new Map(rest.map((field) => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()] as const;
    }));
    return { status: Number(line.split(" ")[1]), headers };
  }

  /**
   * Reads a body to its end. Resolves to its length.
   *
   * @throws {CutOff} where it ends before its end.
   */
  async body({ headers }: Head, sink: Sink): Promise<number> {
    const declared = headers.get("content-length");
    if (declared !== undefined) {
      await this.#take(Number(declared), sink);
      return Number(declared);
    }
    if (headers.get("transfer-encoding") !== "chunked") throw new CutOff("Neither a length nor chunks");
    let length = 0;
    for (;;) {
      const size = parseInt(await this.#line(), 16);
      if (!(size >= 0)) throw new CutOff("Not a chunk's size");
      if (size === 0) {
        while (await this.#line() !== "");
        return length;
      }
      await this.#take(size, sink);
      length += size;
      if (await this.#line() !== "") throw new CutOff("A chunk longer than its size");
    }
  }

  /** Goes away. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#conn.close();
  }

  async #take(length: number, sink: Sink): Promise<void> {
    for (let left = length; left > 0;) {
      if (this.#start === this.#end) await this.#fill();
      const piece = this.#room.subarray(this.#start, Math.min(this.#end, this.#start + left));
      this.#start += piece.length;
      left -= piece.length;
      const wait = sink(piece);
      if (wait !== undefined) await wait;
    }
  }

  async #line(): Promise<string> {
    let text = "";
    for (;;) {
      if (this.#start === this.#end) await this.#fill();
      const byte = this.#room[this.#start++]!;
      if (byte === 10) return text.endsWith("\r") ? text.slice(0, -1) : text;
      text += String.fromCharCode(byte);
    }
  }

  async #fill(): Promise<void> {
    let read: number | null;
    try {
      read = await this.#conn.read(this.#room);
    } catch (cause) {
      throw new CutOff("The connection broke off", { cause });
    }
    if (read === null) throw new CutOff("The connection ended");
    this.#answered = true;
    [this.#start, this.#end] = [0, read];
  }
}
