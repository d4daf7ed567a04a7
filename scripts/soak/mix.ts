/** What the clients of the soak ask for, and what must come back. */

/** A request with its right answer. */
export interface Exchange {
  readonly path: string;
  readonly request: Uint8Array;
  /** What comes back; of a guest that traps, 500 or an answer cut short. */
  readonly expected: Expected | "trap";
}

/** An answer: status 200 and this body. */
export interface Expected {
  readonly length: number;
  /** The body's byte at `at` is `(at + shift) % 251`, or the one of `text`. */
  readonly shift?: number;
  readonly text?: Uint8Array;
}

/** Random numbers from a seed, so that a run can be repeated. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ state >>> 15, state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}

const encoder = new TextEncoder();
const PERIOD = 251;
/** More than the largest piece, from every start. */
const pattern = Uint8Array.from({ length: 1_100_000 }, (_, at) => at % PERIOD);

/** Bytes from the pattern, `shift` bytes into it. */
export function patternBytes(length: number, shift: number): Uint8Array {
  return pattern.subarray(shift, shift + length);
}

/** Whether a piece of a body is what stands at `at` in the answer. */
export function matches(piece: Uint8Array, at: number, { text, shift = 0 }: Expected): boolean {
  const right = text?.subarray(at, at + piece.length) ?? patternBytes(piece.length, (at + shift) % PERIOD);
  if (right.length !== piece.length) return false;
  for (let i = 0; i < piece.length; i++) if (piece[i] !== right[i]) return false;
  return true;
}

function message(method: string, path: string, body?: Uint8Array, chunked = false): Uint8Array {
  const length = body === undefined
    ? ""
    : chunked
    ? "transfer-encoding: chunked\r\n"
    : `content-length: ${body.length}\r\n`;
  const head = encoder.encode(`${method} ${path} HTTP/1.1\r\nhost: soak.example\r\n${length}\r\n`);
  if (body === undefined) return head;
  const framed = chunked
    ? [encoder.encode(`${body.length.toString(16)}\r\n`), body, encoder.encode("\r\n0\r\n\r\n")]
    : [body];
  const whole = new Uint8Array(head.length + framed.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of [head, ...framed]) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const HELLO: Exchange = {
  path: "/hello",
  request: message("GET", "/hello"),
  expected: { length: 12, text: encoder.encode("Hello, WASI!") },
};

/** The pattern, `length` bytes of it. */
export function bytes(length: number): Exchange {
  const path = `/bytes/${length}`;
  return { path, request: message("GET", path), expected: { length } };
}

function echo(length: number, shift: number, chunked: boolean): Exchange {
  // A chunk of no bytes would be the last one.
  const body = patternBytes(Math.max(length, 1), shift);
  return {
    path: "/echo",
    request: message("POST", "/echo", body, chunked),
    expected: { length: body.length, shift },
  };
}

function events(count: number): Exchange {
  const path = `/sse?n=${count}&ms=1`;
  const text = encoder.encode(
    Array.from({ length: count }, (_, i) => `id: ${i}\ndata: event ${i}\n\n`).join(""),
  );
  return { path, request: message("GET", path), expected: { length: text.length, text } };
}

const LATER: Exchange = {
  path: "/finish-later?ms=5",
  request: message("GET", "/finish-later?ms=5"),
  expected: { length: 12, text: encoder.encode("first second") },
};

const TRAPS: readonly Exchange[] = [
  "/trap-before-set",
  "/return-before-set",
  "/trap-after-set?bytes=3000&ms=1",
  "/secret",
  "/exit",
].map((path) => ({ path, request: message("GET", path), expected: "trap" }));

/** One that ends in a trap. */
export function trap(random: () => number): Exchange {
  return TRAPS[Math.floor(random() * TRAPS.length)]!;
}

/** One of those with an answer. */
export function ordinary(random: () => number): Exchange {
  const kind = random();
  if (kind < 0.5) return HELLO;
  if (kind < 0.7) return bytes(Math.floor(random() ** 3 * 100_000));
  if (kind < 0.9) {
    return echo(Math.floor(random() ** 3 * 50_000), Math.floor(random() * PERIOD), random() < 0.5);
  }
  if (kind < 0.95) return events(1 + Math.floor(random() * 4));
  if (kind < 0.99) return LATER;
  return bytes(1_000_000);
}
