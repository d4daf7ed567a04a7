/** `storeport run`: runs a WASI guest with the access granted on the command line. */
import { type Command, Option } from "commander";
import type { Guest, GuestOptions, RunIsolation } from "../../wasi/mod.ts";
import type { Context } from "../context.ts";
import { ExitCode, UsageError } from "../errors.ts";
import { parseTime } from "../options.ts";
import {
  addGuestOptions,
  grantedOptions,
  GUEST_HELP,
  type GuestFlags,
  openGuest,
  writable,
} from "./guest_options.ts";

interface Flags extends GuestFlags, RunIsolation {
  readonly timeout?: number;
}

/** `storeport run [options] <guest> [-- args...]`. */
export function run(program: Command, context: Context): void {
  const command = program.command("run")
    .description("Run a WASI 0.2 component with the access that these options grant, and no other.")
    .argument("<guest>", "component to run: a file or an http(s) URL")
    .argument("[args...]", "arguments for the guest; write them after --")
    .option("--timeout <time>", "time limit: 30s, 500ms, 5m; seconds without a unit", parseTime);
  addGuestOptions(command)
    .addOption(
      new Option(
        "--isolation <where>",
        "where the guest runs; worker is a thread of its own, which can be ended however busy it is " +
          "(default: worker with --timeout, else inline)",
      )
        .choices(["inline", "worker"]),
    )
    .addOption(
      new Option("--worker-permissions <which>", "narrow lets the worker do only what the guest was granted")
        .choices(["inherit", "narrow"]),
    )
    .option("-q, --quiet", "do not report refused requests")
    .addHelpText("after", HELP)
    .action((guest: string, args: string[], flags: Flags) => runGuest(context, guest, args, flags));
}

const HELP = `${GUEST_HELP}

What a worker cannot take along, --connector and --keyvalue with a URL, keeps a guest inline. There, --timeout ends a
guest that waits, not one that computes. --worker-permissions narrow needs Deno and its --unstable-worker-options.

Exit code: the guest's own; 1 also when it traps or exceeds a limit.

Examples:
  storeport run hello.wasm
  storeport run fetch.wasm --net https://api.example.com --timeout 30s -- --verbose
  storeport run report.wasm --dir ./data::/data::ro --dir ./out::/out --env LANG`;

async function runGuest(context: Context, source: string, args: string[], flags: Flags): Promise<void> {
  const { runtime } = context;
  const isolation = flags.isolation ?? defaultIsolation(flags);
  if (flags.workerPermissions !== undefined && isolation === "inline") {
    throw new UsageError("Cannot use --worker-permissions without a worker: add --isolation worker");
  }
  const granted = await grantedOptions(context, flags);
  const guest = await openGuest(context, source, flags);
  // A guest that computes lets no listener run: an interrupt must end the process, not wait for the guest.
  if (isolation === "inline") context.leaveInterrupts();
  const options: GuestOptions & RunIsolation = {
    ...granted,
    isolation,
    workerPermissions: flags.workerPermissions,
    args,
    stdin: runtime.stdin(),
    stdout: writable(context, "stdout"),
    stderr: writable(context, "stderr"),
    terminals: { stdout: runtime.stdout.isTerminal, stderr: runtime.stderr.isTerminal },
    limits: { ...granted.limits, timeout: flags.timeout },
    signal: context.signal,
  };
  const exitCode = await exitCodeOf(guest, options);
  if (exitCode !== 0) throw new ExitCode(exitCode);
}

/** A time limit is to hold for a guest that computes, too; what cannot be carried to a worker stays here. */
function defaultIsolation({ timeout, connector, keyvalue }: Flags): "inline" | "worker" {
  return timeout !== undefined && connector === undefined && keyvalue === undefined ? "worker" : "inline";
}

async function exitCodeOf(guest: Guest, options: Parameters<Guest["run"]>[0]): Promise<number> {
  const { GuestTrapError } = await import("../../wasi/mod.ts");
  try {
    return (await guest.run(options)).exitCode;
  } catch (error) {
    // Its last words stand on the terminal already.
    throw error instanceof GuestTrapError ? new Error(error.reason) : error;
  }
}
