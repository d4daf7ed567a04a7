/** Streams of lines: CSV, JSON lines and the like. */
import { concatBytes } from "./collect.ts";
import { GenericError } from "./error.ts";
import { wrapStream } from "./stream.ts";

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const ESCAPE = 0x5c;

/**
 * Re-chunks bytes so that each chunk holds whole records, one or many. A newline ends a record unless it stands between
 * double quotes; a backslash takes the meaning from the next byte, within quotes too. A carriage return is an ordinary
 * byte. The last record needs no newline.
 *
 * The stream fails with a {@linkcode GenericError} when the input ends within quotes or after a backslash.
 *
 * @example
 * ```ts
 * import { newlineDelimited } from "@storeport/storeport";
 * const bytes = new Blob(["a,b\n1,", "2\n3,4"]).stream();
 * const records: string[] = [];
 * for await (const chunk of newlineDelimited(bytes)) records.push(...new TextDecoder().decode(chunk).trim().split("\n"));
 * console.assert(records.join(" ") === "a,b 1,2 3,4");
 * ```
 */
export function newlineDelimited(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const records = new RecordSplitter();
  // wrapStream passes over the empty chunks that `push` gives where no record has ended.
  const source = wrapStream(stream, { chunk: (chunk) => records.push(chunk) }).getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await source.read();
      if (!done) return controller.enqueue(value);
      // The last record has no chunk of its own to travel in.
      const last = records.finish();
      if (last.byteLength > 0) controller.enqueue(last);
      controller.close();
    },
    cancel: (reason) => source.cancel(reason),
  }, { highWaterMark: 0 });
}

class RecordSplitter {
  #quoted = false;
  #escaped = false;
  #rest: Uint8Array[] = [];

  /** The whole records that are known with this chunk; empty where none has ended. */
  push(chunk: Uint8Array): Uint8Array {
    let end = 0;
    for (let i = 0; i < chunk.byteLength; i++) {
      const byte = chunk[i];
      if (this.#escaped) this.#escaped = false;
      else if (byte === ESCAPE) this.#escaped = true;
      else if (byte === QUOTE) this.#quoted = !this.#quoted;
      else if (byte === NEWLINE && !this.#quoted) end = i + 1;
    }
    if (end === 0) {
      this.#rest.push(chunk.slice());
      return new Uint8Array(0);
    }
    const whole = [...this.#rest, chunk.subarray(0, end)];
    this.#rest = end < chunk.byteLength ? [chunk.slice(end)] : [];
    return concatBytes(whole);
  }

  finish(): Uint8Array {
    if (this.#quoted || this.#escaped) {
      const what = this.#quoted ? "within quotes" : "after a backslash";
      throw new GenericError(`Cannot split records: the input ended ${what}`, { store: "LineDelimiter" });
    }
    return concatBytes(this.#rest);
  }
}
