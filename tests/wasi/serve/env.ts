/** What cases of serving run in: the `serve` guest behind a listener, and clients that say what they mean. */
import { connect, type Socket } from "node:net";
import {
  type AccessEntry,
  type GuestServer,
  type Isolation,
  listenGuest,
  type ListenOptions,
  type ServeFailure,
  type ServeOptions,
} from "../../../src/wasi/mod.ts";
import type { Guest } from "../../../src/wasi/mod.ts";
import { load } from "../cases/case.ts";
import { until } from "../until.ts";

/** Where guests run and what listens, in one run of the list. */
export interface Setting {
  readonly isolation: Isolation;
  readonly listener: NonNullable<ListenOptions["listener"]>;
}

/** A guest that listens, and what its log holds. */
export interface Serving {
  readonly url: string;
  readonly port: number;
  readonly server: GuestServer;
  readonly requests: AccessEntry[];
  readonly failures: { readonly id: string; readonly failure: ServeFailure }[];
  /** What instances wrote. */
  output(): string;
  /** Stops it. */
  stop(grace?: number): Promise<void>;
}

/** What a case gets. */
export interface ServeEnv {
  readonly setting: Setting;
  /** Serves the guest `serve`, or another one of `tests/guests`. Stopped after the case. */
  serve(options?: ServeOptions, path?: string): Promise<Serving>;
}

/** One case. */
export interface ServeCase {
  readonly name: string;
  /** Lines of the conformance checklist that it covers. */
  readonly covers?: readonly string[];
  /** Settings that it is about, where not all. */
  readonly only?: Partial<Setting>;
  run(env: ServeEnv): Promise<unknown>;
}

const guests = new Map<string, Promise<Guest>>();

/** A guest, loaded once. */
export function guestAt(path: string): Promise<Guest> {
  let guest = guests.get(path);
  if (guest === undefined) guests.set(path, guest = load(path));
  return guest;
}

/** Runs a case in `setting`. */
export async function withServe(setting: Setting, body: (env: ServeEnv) => Promise<unknown>): Promise<void> {
  const stops: (() => Promise<void>)[] = [];
  const serve: ServeEnv["serve"] = async (options = {}, path = "serve/serve.wasm") => {
    const guest = await guestAt(path);
    const requests: AccessEntry[] = [];
    const failures: Serving["failures"] = [];
    let text = "";
    const sink = () =>
      new WritableStream<Uint8Array>({ write: (bytes) => void (text += new TextDecoder().decode(bytes)) });
    const server = guest.serve({
      isolation: setting.isolation,
      workers: 2,
      // Deno checks the types of a worker's modules when the first one starts: on a busy machine longer than by default.
      queueTimeout: 120_000,
      stdout: sink(),
      stderr: sink(),
      net: ["127.0.0.1:*"],
      ...options,
      onRequest: (entry) => void requests.push(entry),
      onFailure: (id, failure) => void failures.push({ id, failure }),
    });
    const listening = await listenGuest(server, { listener: setting.listener });
    const stop = (grace = 0) => listening.shutdown(grace);
    stops.push(stop);
    return { url: listening.url, port: listening.port, server, requests, failures, output: () => text, stop };
  };
  try {
    await body({ setting, serve });
  } finally {
    for (const stop of stops) await stop();
    // Bodies that were read to their end let go of their connections a moment later.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/**
 * A request that is under way until what is returned is called, which tells its status: the guest waits for the rest of
 * its body.
 */
export async function hold({ url, server }: Pick<Serving, "url" | "server">): Promise<() => Promise<number>> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  void writer.write(new Uint8Array(1));
  const before = server.stats().inFlight;
  const answer = fetch(`${url}/echo`, { method: "POST", body: readable, duplex: "half" } as RequestInit);
  await until(() => server.stats().inFlight > before);
  return async () => {
    await writer.close();
    const response = await answer;
    await response.arrayBuffer();
    return response.status;
  };
}

/** A response as it stood on the wire. */
export interface RawResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
  readonly trailers: readonly (readonly [string, string])[];
  /** Whether the body came to its proper end. */
  readonly whole: boolean;
}

/** Sends bytes and reads one response until the connection ends. */
export async function raw(port: number, request: string | Uint8Array): Promise<RawResponse> {
  const socket = await open(port);
  socket.write(request);
  const chunks: Uint8Array[] = [];
  await new Promise<void>((resolve) => {
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", () => resolve());
    socket.on("close", () => resolve());
  });
  return parse(Buffer.concat(chunks).toString("latin1"), /^HEAD /.test(String(request)));
}

/** A connection. */
export function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket));
    socket.once("error", reject);
  });
}

/** A request with `connection: close`. */
export function message(
  line: string,
  headers: readonly string[] = ["host: test.example"],
  body = "",
): string {
  return [`${line} HTTP/1.1`, ...headers, "connection: close", "", body].join("\r\n");
}

function parse(text: string, head: boolean): RawResponse {
  const end = text.indexOf("\r\n\r\n");
  const lines = text.slice(0, end).split("\r\n");
  const headers = fields(lines.slice(1));
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(lines[0] ?? "")?.[1]);
  const rest = text.slice(end + 4);
  const get = (name: string) => headers.find(([key]) => key === name)?.[1];
  if (get("transfer-encoding") === "chunked") return { status, headers, ...unchunk(rest) };
  const declared = get("content-length");
  const whole = head || declared === undefined || rest.length === Number(declared);
  return { status, headers, body: Buffer.from(rest, "latin1"), trailers: [], whole };
}

function fields(lines: readonly string[]): [string, string][] {
  return lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
}

function unchunk(text: string): Pick<RawResponse, "body" | "trailers" | "whole"> {
  let body = "";
  for (let at = 0;;) {
    const end = text.indexOf("\r\n", at);
    if (end < 0) return { body: Buffer.from(body, "latin1"), trailers: [], whole: false };
    const size = parseInt(text.slice(at, end), 16);
    if (size === 0) {
      const lines = text.slice(end + 2).split("\r\n").filter((line) => line !== "");
      return { body: Buffer.from(body, "latin1"), trailers: fields(lines), whole: true };
    }
    body += text.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
  }
}
