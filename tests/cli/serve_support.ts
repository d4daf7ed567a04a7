/** Runs `storeport serve` in this process, until the test is done with it. */
import { type Outcome, run, type RunOptions } from "./cli_support.ts";
import "../wasi/generator.ts";

/** A guest of the tests. */
export const guest = (path: string): string => new URL(`../guests/${path}`, import.meta.url).pathname;
/** The one with a path for each fact. */
export const SERVE: string = guest("serve/serve.wasm");

/** A server that runs. */
export interface Served {
  readonly url: string;
  /** What has been written so far. */
  out(): string;
  err(): string;
  /** Interrupts it. */
  interrupt(): void;
}

/** Serves on a free port, waits until it listens, runs `body`, and interrupts. Resolves to what it left behind. */
export async function serving(
  args: readonly string[],
  body: (served: Served) => Promise<unknown>,
  options: RunOptions = {},
): Promise<Outcome> {
  let [out, err] = ["", ""];
  let listening!: (url: string) => void, interrupt!: () => void;
  const url = new Promise<string>((resolve) => listening = resolve);
  const interrupted = new Promise<void>((resolve) => interrupt = resolve);
  const look = () => {
    const match = /(?:Serving HTTP on |"url":")(http:[^"\s]+?)\/?["\s]/.exec(out + err);
    if (match !== null) listening(match[1]!);
  };
  const outcome = run(["serve", "--addr", "127.0.0.1:0", ...args], {
    ...options,
    interrupt: interrupted,
    onOutput: (text) => {
      out += text;
      look();
    },
    onError: (text) => {
      err += text;
      look();
    },
  });
  try {
    const at = await Promise.race([url, outcome.then(({ err }) => Promise.reject(new Error(err)))]);
    await body({ url: at, out: () => out, err: () => err, interrupt });
  } finally {
    interrupt();
    await outcome;
  }
  return await outcome;
}

/** The text of an answer. */
export async function text(url: string, init?: RequestInit): Promise<string> {
  return await (await fetch(url, init)).text();
}

/** The status of an answer. */
export async function status(url: string, init?: RequestInit): Promise<number> {
  const response = await fetch(url, init);
  await response.text();
  return response.status;
}

/** Waits until something has come true; fails after ten seconds. */
export async function until(what: () => boolean | Promise<boolean>, why: () => string): Promise<void> {
  for (let left = 500; !await what(); left--) {
    if (left === 0) throw new Error(`Never came true: ${why()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
