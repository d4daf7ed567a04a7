/** The machine as Deno, Node and Bun show it. */
import { exec } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname } from "node:path";
import process from "node:process";
import { GenericError, PermissionDeniedError } from "../core.ts";
import type { CredentialHost, Environment } from "./host.ts";
import { KNOWN_VARIABLES } from "./variables.ts";

/** How long a program may take to print credentials: it may ask a person. */
const RUN_TIMEOUT = 60_000;
const MAX_OUTPUT = 1024 * 1024;

/** This machine. */
export function nodeHost(): CredentialHost {
  return { environment, home, readFile: read, writeFile: write, run };
}

function environment(): Environment {
  const { Deno } = globalThis as {
    Deno?: { permissions?: { querySync(descriptor: object): { readonly state: string } } };
  };
  const may = (variable?: string) =>
    Deno?.permissions?.querySync(variable === undefined ? { name: "env" } : { name: "env", variable }).state;
  // With `--allow-env=AWS_*` the whole cannot be read, and asking for each by name would prompt for each.
  if (Deno?.permissions !== undefined && may() !== "granted") {
    const allowed = KNOWN_VARIABLES.filter((name) => may(name) === "granted");
    if (allowed.length > 0) return Object.fromEntries(allowed.map((name) => [name, process.env[name]]));
  }
  return guarded("read the environment", () => ({ ...process.env }));
}

function home(): string {
  return guarded("find the home directory", () => homedir());
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw failure(`read the file "${path}"`, error);
  }
}

async function write(path: string, text: string): Promise<void> {
  // Others may read the file at any time: it is replaced whole.
  const staged = `${path}.${randomUUID()}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(staged, text, { mode: 0o600, flag: "wx" });
    await rename(staged, path);
  } catch (error) {
    await rm(staged, { force: true }).catch(() => {});
    throw failure(`write the file "${path}"`, error);
  }
}

async function run(command: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const options = { timeout: RUN_TIMEOUT, maxBuffer: MAX_OUTPUT, windowsHide: true };
    try {
      exec(command, options, (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        // The command line may hold a secret, and the system's error quotes it.
        const { code, killed } = error;
        const said = stderr.trim().split("\n").at(-1)?.slice(0, 200) ?? "";
        reject(
          refusal("run the program", error) ??
            new GenericError(
              `Cannot run the program: it ${
                killed ? `did not end within ${RUN_TIMEOUT / 1000} s` : `ended with ${code ?? "a failure"}`
              }${said === "" ? "" : ` (${said})`}`,
              { store: "S3" },
            ),
        );
      });
    } catch (error) {
      reject(failure("run the program", error));
    }
  });
}

function guarded<T>(action: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw failure(action, error);
  }
}

function failure(action: string, error: unknown): Error {
  return refusal(action, error) ??
    new GenericError(`Cannot ${action}: ${error instanceof Error ? error.message : error}`, {
      store: "S3",
      cause: error,
    });
}

function refusal(action: string, error: unknown): PermissionDeniedError | undefined {
  const { name, code, message } = error as { name?: string; code?: unknown; message?: string };
  if (name !== "NotCapable" && code !== "EACCES" && code !== "EPERM") return undefined;
  // Deno's words name the permission that is missing.
  const why = name === "NotCapable" && message
    ? message.charAt(0).toLowerCase() + message.slice(1)
    : "permission denied";
  return new PermissionDeniedError(`Cannot ${action}: ${why}`, { store: "S3", cause: error });
}
