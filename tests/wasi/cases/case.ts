/** What a case of the host's conformance list is made of. Free of any test runner. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Guest,
  type GuestOptions,
  GuestTrapError,
  loadGuest,
  type RunResult,
} from "../../../src/wasi/mod.ts";
import { type Origin, startOrigin } from "../../guests/origin.ts";

/** What a case runs in. */
export interface Env {
  /** HTTP server with odd paths. */
  readonly origin: Origin;
  /** `http://` and the origin's address. */
  readonly url: string;
  /** Runs a case of the `checks` guest to its end. */
  run(args: readonly string[], options?: GuestOptions): Promise<Run>;
  /** Runs it and expects `ok NAME` as the last line and exit code 0. */
  ok(args: readonly string[], options?: GuestOptions): Promise<Run>;
  /** Runs it and expects a trap whose message matches. */
  trap(args: readonly string[], message: RegExp, options?: GuestOptions): Promise<GuestTrapError>;
  /** A directory of its own, removed afterwards. */
  directory(): Promise<string>;
}

/** A run and its output as text. */
export interface Run extends RunResult {
  /** Lines of standard output without the final `ok NAME`. */
  readonly lines: readonly string[];
  /** Standard output. */
  readonly text: string;
  /** Standard error. */
  readonly errors: string;
}

/** One case. */
export interface HostCase {
  /** What it shows. */
  readonly name: string;
  /** Lines of the conformance checklist (`tests/wasi/README.md`) that it covers. */
  readonly covers?: readonly string[];
  /** Runs it; throws when the host is wrong. */
  run(env: Env): Promise<unknown>;
}

/** The guest with all the checks; loaded once. */
export const checks: () => Promise<Guest> = once(() => load("checks/checks.wasm"));

/** A guest of `tests/guests`. */
export function load(path: string, cache: string | false = false): Promise<Guest> {
  return loadGuest(new URL(`../../guests/${path}`, import.meta.url), { cache });
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}

/** Runs `body` in an environment of its own; guests get `defaults` where a case says nothing else. */
export async function withEnv(
  body: (env: Env) => Promise<unknown>,
  defaults: GuestOptions = {},
): Promise<void> {
  const origin = await startOrigin();
  const directories: string[] = [];
  const run: Env["run"] = async (args, options = {}) => {
    const guest = await checks();
    const result = await guest.run({
      args,
      stdout: "pipe",
      stderr: "pipe",
      net: ["127.0.0.1:*", "localhost:*"],
      limits: { timeout: 60_000, ...options.limits },
      ...defaults,
      ...options,
      env: { HTTP_SERVER: origin.address, ...options.env },
    });
    const text = new TextDecoder().decode(result.stdout);
    const lines = text.split("\n").filter((line, i, all) => i < all.length - 1 || line !== "");
    if (lines.at(-1) === `ok ${args[0]}`) lines.pop();
    return { ...result, text, lines, errors: new TextDecoder().decode(result.stderr) };
  };
  const env: Env = {
    origin,
    url: `http://${origin.address}`,
    run,
    async ok(args, options) {
      const result = await run(args, options);
      assert.equal(result.exitCode, 0, result.errors);
      assert.match(result.text, new RegExp(`ok ${args[0]}\n$`));
      return result;
    },
    async trap(args, message, options) {
      try {
        const { text, exitCode } = await run(args, options);
        assert.fail(`"${args.join(" ")}" did not trap: exit code ${exitCode}, ${JSON.stringify(text)}`);
      } catch (error) {
        assert.ok(error instanceof GuestTrapError, String(error));
        assert.match(error.message, message);
        return error;
      }
    },
    async directory() {
      const directory = await mkdtemp(join(tmpdir(), "storeport-wasi-"));
      directories.push(directory);
      return directory;
    },
  };
  try {
    await body(env);
  } finally {
    await origin.close();
    for (const directory of directories) await rm(directory, { recursive: true, force: true });
  }
}

/** A case of the guest that needs nothing and prints nothing that matters. */
export function plain(
  name: string,
  covers: readonly string[],
  args: (env: Env) => readonly string[] = () => [],
): HostCase {
  return { name: `${name}: as the guest checks it`, covers, run: (env) => env.ok([name, ...args(env)]) };
}
