/** A list of records that may exceed memory: the first ones stay in memory, the rest go to a temporary file. */
import { createReadStream, createWriteStream, type WriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A directory for the temporary files of one run; made when it is needed. */
export class SpillArea implements AsyncDisposable {
  #directory: Promise<string> | undefined;
  #files = 0;

  /** Name of a new file in it. */
  async file(): Promise<string> {
    this.#directory ??= mkdtemp(join(tmpdir(), "storeport-"));
    return join(await this.#directory, `${this.#files++}`);
  }

  /** Files made so far. */
  get files(): number {
    return this.#files;
  }

  /** Removes all of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const directory = await this.#directory?.catch(() => undefined);
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  }
}

/** A list that is written once, then read once or more. */
export class Spill<T> {
  readonly #area: SpillArea;
  readonly #limit: number;
  #head: T[] = [];
  #path: string | undefined;
  #stream: WriteStream | undefined;
  #failure: Error | undefined;
  #length = 0;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param limit How many records stay in memory. */
  constructor(area: SpillArea, limit: number) {
    this.#area = area;
    this.#limit = limit;
  }

  /** How many records there are. */
  get length(): number {
    return this.#length;
  }

  /** Appends a record, as JSON has it. May be called by several at once. */
  async push(record: T): Promise<void> {
    this.#length++;
    if (this.#head.length < this.#limit) {
      this.#head.push(record);
      return;
    }
    const written = this.#turn.then(() => this.#write(lineOf(record)));
    this.#turn = written.catch(() => {});
    await written;
  }

  /** All records in their order. Nothing may be appended any more. */
  async *read(): AsyncGenerator<T, void, undefined> {
    yield* this.#head;
    await this.#close();
    if (this.#path === undefined) return;
    const input = createReadStream(this.#path, "utf8");
    try {
      for await (const line of createInterface({ input, crlfDelay: Infinity })) yield JSON.parse(line) as T;
    } finally {
      input.destroy();
    }
  }

  async #write(line: string): Promise<void> {
    if (this.#stream === undefined) {
      this.#path = await this.#area.file();
      this.#stream = createWriteStream(this.#path, { mode: 0o600 });
      this.#stream.on("error", (error) => this.#failure ??= error);
    }
    if (this.#failure !== undefined) throw this.#failure;
    const stream = this.#stream;
    await new Promise<void>((done, fail) => stream.write(line, (error) => error ? fail(error) : done()));
  }

  async #close(): Promise<void> {
    await this.#turn;
    const stream = this.#stream;
    if (stream === undefined) return;
    this.#stream = undefined;
    await new Promise<void>((done) => stream.end(() => done()));
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** Writes an array to a file and forgets it; what is returned reads it, once. */
export async function spillRun<T>(
  area: SpillArea,
  records: readonly T[],
): Promise<AsyncGenerator<T, void, undefined>> {
  const path = await area.file();
  const stream = createWriteStream(path, { mode: 0o600 });
  let failure: Error | undefined;
  stream.on("error", (error) => failure ??= error);
  // In pieces: one string of all records would be as large as the run.
  for (let i = 0; i < records.length; i += 1000) {
    const lines = records.slice(i, i + 1000).map((record) => lineOf(record)).join("");
    await new Promise<void>((done, fail) => stream.write(lines, (error) => error ? fail(error) : done()));
  }
  await new Promise<void>((done) => stream.end(() => done()));
  if (failure !== undefined) throw failure;
  return readRun<T>(path);
}

/**
 * A record as a line. JSON leaves two characters as they are at which lines end for some readers of them, Deno's among
 * them.
 */
function lineOf(record: unknown): string {
  return `${
    JSON.stringify(record).replace(/[\u2028\u2029]/g, (end) => `\\u${end.charCodeAt(0).toString(16)}`)
  }\n`;
}

async function* readRun<T>(path: string): AsyncGenerator<T, void, undefined> {
  const input = createReadStream(path, "utf8");
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) yield JSON.parse(line) as T;
  } finally {
    input.destroy();
  }
}
