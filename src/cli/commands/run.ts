/** `storeport run`: runs a WASI guest with what it is given on the command line. */
import { type Command, Option } from "commander";
import type { Guest, GuestOptions, RunIsolation } from "../../wasi/mod.ts";
import type { Context } from "../context.ts";
import { ExitCode } from "../errors.ts";
import {
  addGuestOptions,
  grantedOptions,
  GUEST_HELP,
  type GuestFlags,
  openGuest,
  parseTime,
  writable,
} from "./guest_options.ts";

interface Flags extends GuestFlags, RunIsolation {
  readonly timeout?: number;
}

/** `storeport run [options] <guest> [-- args...]`. */
export function run(program: Command, context: Context): void {
  const command = program.command("run")
    .description("Run a WASI 0.2 component. It is given what these options say, and nothing else.")
    .argument("<guest>", "a component: a file or a URL")
    .argument("[args...]", "its arguments; write them after --")
    .option("--timeout <time>", "end it after so long: 30s, 500ms, 5m; seconds without a unit", parseTime);
  addGuestOptions(command)
    .addOption(
      new Option(
        "--isolation <where>",
        "worker: on a thread of its own, which --timeout ends however busy it is",
      )
        .choices(["inline", "worker"]),
    )
    .addOption(
      new Option("--worker-permissions <which>", "narrow: Deno lets it do what the guest was granted")
        .choices(["inherit", "narrow"]),
    )
    .option("-q, --quiet", "do not tell of refused requests")
    .addHelpText("after", HELP)
    .action((guest: string, args: string[], flags: Flags) => runGuest(context, guest, args, flags));
}

const HELP = `${GUEST_HELP}

--worker-permissions narrow needs Deno's --unstable-worker-options.

Exit code: the guest's own; 1 too when it trapped or was ended.

Examples:
  storeport run hello.wasm
  storeport run fetch.wasm --net https://api.example.com --timeout 30s -- --verbose
  storeport run report.wasm --dir ./data::/data::ro --dir ./out::/out --env LANG`;

async function runGuest(context: Context, source: string, args: string[], flags: Flags): Promise<void> {
  const { runtime } = context;
  const guest = await openGuest(context, source, flags);
  const granted = await grantedOptions(context, flags);
  const options: GuestOptions & RunIsolation = {
    ...granted,
    isolation: flags.isolation,
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

async function exitCodeOf(guest: Guest, options: Parameters<Guest["run"]>[0]): Promise<number> {
  const { GuestTrapError } = await import("../../wasi/mod.ts");
  try {
    return (await guest.run(options)).exitCode;
  } catch (error) {
    // Its last words stand on the terminal already.
    throw error instanceof GuestTrapError ? new Error(error.reason) : error;
  }
}
