/** The command as a whole: its subcommands, its errors, its end. */
import { Command, CommanderError } from "commander";
import { VERSION } from "../http/version.ts";
import { SUBCOMMANDS } from "./commands/mod.ts";
import { Context } from "./context.ts";
import { EXIT, ExitCode, Interrupted, PartialFailure, UsageError } from "./errors.ts";
import { BrokenPipe, type Runtime } from "./runtime.ts";

/** Runs the command once. Resolves to its exit code: 0 done, 1 failed, 2 bad usage, 130 interrupted. */
export async function runCli(runtime: Runtime): Promise<number> {
  const controller = new AbortController();
  const endInterrupts = runtime.onInterrupt(() => controller.abort(new Interrupted("Interrupted")));
  const context = new Context(runtime, controller.signal, endInterrupts);
  const help = { out: "", error: "" };
  try {
    await createProgram(context, help).parseAsync([...runtime.args], { from: "user" });
    return EXIT.done;
  } catch (error) {
    if (error instanceof BrokenPipe) return EXIT.done;
    if (error instanceof ExitCode) return error.code;
    return await reportEnd(context, error, help).catch(() => EXIT.failed);
  } finally {
    endInterrupts();
    context.close();
  }
}

/** The program with all its subcommands. What commander writes goes to `help`. */
function createProgram(context: Context, help: { out: string; error: string }): Command {
  const program = new Command("storeport")
    .description("Copies data between object stores, HTTP servers and local files, and runs WASI components.")
    .version(VERSION, "-V, --version", "print the version")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void (help.out += text),
      writeErr: (text) => void (help.error += text),
      getOutHelpWidth: () => Math.min(context.runtime.stdout.columns, 100),
      getErrHelpWidth: () => Math.min(context.runtime.stderr.columns, 100),
    })
    .showHelpAfterError('See "storeport --help" or "storeport help <command>"')
    .addHelpText("after", OVERVIEW)
    .configureHelp({ subcommandTerm: (command) => `${command.name()} ${command.usage()}` })
    .hook("preAction", (_, command) => void (context.command = command));
  for (const add of SUBCOMMANDS) add(program, context);
  return program;
}

const OVERVIEW = `
URLs and files:
  s3://bucket/path, http://host/path, https://host/path, file:///path or memory:///path; anything else is the name of
  a file. For S3, credentials, region and endpoint come from the environment and ~/.aws, as with the AWS tools, or from
  -o. In URLs write "?", "#" and "%" as %3F, %23 and %25. "-" is standard input for put, standard output for get.

S3-compatible services:
  storeport ls s3://bucket -o endpoint=https://minio.example.com
  storeport ls s3://bucket -o endpoint=http://10.0.0.5:9000 -o allowHttp=true

Examples:
  storeport ls -l .
  storeport cp -r . http://127.0.0.1:8080/backup
  storeport cat --range 0-99 README.md
  storeport gateway . --addr 127.0.0.1:8080 --read-only

Exit codes: 0 done, 1 failed, 2 bad usage, 130 interrupted; "run" ends with the guest's own.`;

async function reportEnd(
  context: Context,
  error: unknown,
  help: { out: string; error: string },
): Promise<number> {
  if (error instanceof CommanderError) {
    // Help or version asked for: both come as errors.
    if (error.exitCode === 0) {
      await writeQuietly(context, help.out);
      return EXIT.done;
    }
    await context.runtime.stderr.write(
      help.error.replace(/^error: (.)/, (_, first: string) => `storeport: ${first.toUpperCase()}`),
    );
    return EXIT.usage;
  }
  if (context.signal.aborted) {
    await context.note("storeport: interrupted");
    return EXIT.interrupted;
  }
  // Reported already, one by one.
  if (error instanceof PartialFailure) {
    if (error.message !== "") await context.note(`storeport: ${error.message}`);
    return EXIT.failed;
  }
  await context.report(error);
  return error instanceof UsageError ? EXIT.usage : EXIT.failed;
}

async function writeQuietly(context: Context, text: string): Promise<void> {
  try {
    await context.runtime.stdout.write(text);
  } catch (error) {
    if (!(error instanceof BrokenPipe)) throw error;
  }
}
