import { spawn } from "node:child_process";
import { join } from "node:path";
import { COMMITTED, GUESTS_DIR, ON_DEMAND } from "../../scripts/build_guests/guests.ts";
import type { CheckCase } from "./cases.ts";
import type { Stage } from "./places.ts";

/** How a guest ended. */
export interface Ended {
  readonly end: number | "trap";
  readonly stdout: string;
  /** Standard error, and what the host said of a trap. */
  readonly stderr: string;
}

/** A host of WASI 0.2 at work: runs a case of a guest and tells how it ended. */
export type Host = (check: CheckCase, stage: Stage) => Promise<Ended>;

/** The path of a guest by its name in the build script; those that are built on demand may not be there. */
export function guestPath(name: string): string {
  const source = COMMITTED[name] ?? ON_DEMAND[name];
  if (source === undefined) throw new Error(`There is no guest "${name}"`);
  return join(GUESTS_DIR, source.wasm);
}

/** The guest of a case. */
export function guestOf(check: CheckCase): string {
  return guestPath(check.guest ?? "checks");
}

/** What a test calls a case. */
export function titleOf(check: CheckCase, stage: Stage): string {
  return [...check.guest === undefined ? [] : [check.guest], ...argsOf(check, stage)].join(" ").slice(0, 100);
}

/** The arguments of a case. */
export function argsOf(check: CheckCase, stage: Stage): readonly string[] {
  return typeof check.run === "function" ? check.run(stage) : check.run;
}

/** The environment of a case. */
export function envOf(check: CheckCase, stage: Stage): Record<string, string> {
  const [name] = argsOf(check, stage);
  const server = name === "invalid_version" ? stage.http2 : stage.origin.address;
  return { ...check.env, HTTP_SERVER: name === "large_env" ? server.padEnd(1024) : server };
}

/** wasmtime's command, to see that the cases say what is true elsewhere. */
export const wasmtime: Host = async (check, stage) => {
  const options = ["http", "cli-exit-with-code"];
  if (check.grants?.includes("sockets")) options.push("inherit-network");
  if (check.grants?.includes("names")) options.push("allow-ip-name-lookup");
  const dirs = await stage.directories(check.dirs ?? []);
  const args = [
    "run",
    "-S",
    options.join(),
    ...Object.entries(envOf(check, stage)).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
    ...dirs.flatMap((path, at) => ["--dir", `${path}::${check.dirs![at]!.guest}`]),
    guestOf(check),
    ...argsOf(check, stage),
  ];
  return await new Promise((resolve, reject) => {
    const child = spawn("wasmtime", args, { stdio: ["pipe", "pipe", "pipe"] });
    let stdout = "", stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => stdout += text);
    child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
    child.stdin.on("error", () => {}).end(check.stdin ?? "");
    child.on("error", reject);
    // The command leaves with 134 after a trap in the guest and with 1 after one in a host function.
    const trapped = () => stderr.includes("Error: failed to run main module");
    child.on("close", (code) => resolve({ end: code === null || trapped() ? "trap" : code, stdout, stderr }));
  });
};

/** Says what is wrong with the way a case ended; nothing when it is as it must be. */
export function judge(check: CheckCase, stage: Stage, ended: Ended): string | undefined {
  const wanted = check.ends ?? 0;
  const [name] = argsOf(check, stage);
  const problems: string[] = [];
  if (ended.end !== wanted) problems.push(`it ended with ${ended.end}, not ${wanted}`);
  if (check.guest === undefined && check.ends === undefined && !ended.stdout.endsWith(`ok ${name}\n`)) {
    problems.push(`it did not print "ok ${name}"`);
  }
  for (const pattern of check.stdout ?? []) {
    if (!pattern.test(ended.stdout)) problems.push(`stdout lacks ${pattern}`);
  }
  for (const pattern of check.stderr ?? []) {
    if (!pattern.test(ended.stderr)) problems.push(`stderr lacks ${pattern}`);
  }
  if (problems.length === 0) return undefined;
  return `${problems.join("; ")}\nstdout: ${shorten(ended.stdout)}\nstderr: ${shorten(ended.stderr)}`;
}

function shorten(text: string): string {
  return text.length <= 2000 ? text : `${text.slice(0, 1000)} … ${text.slice(-1000)}`;
}
