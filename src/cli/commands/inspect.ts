/** `storeport inspect`: what a guest is, what it imports, and which options would grant it that. */
import type { Command } from "commander";
import type { Guest } from "../../wasi/mod.ts";
import type { Context } from "../context.ts";
import { clean } from "../errors.ts";
import { isUrl } from "../url.ts";

/** A capability that a guest may use: which interfaces ask for it, and the flag that gives it. */
interface Capability {
  readonly name: string;
  readonly interfaces: RegExp;
  readonly flag: string;
}

const CAPABILITIES: readonly Capability[] = [
  { name: "HTTP requests", interfaces: /^wasi:http\/outgoing-handler$/, flag: "--net HOST" },
  { name: "files", interfaces: /^wasi:filesystem\/preopens$/, flag: "--dir HOST::GUEST" },
  { name: "environment", interfaces: /^wasi:cli\/environment$/, flag: "--env NAME=VALUE" },
  {
    name: "raw sockets",
    interfaces: /^wasi:sockets\/(tcp|udp)-create-socket$/,
    flag: "--sockets HOST:PORT",
  },
  { name: "name lookup", interfaces: /^wasi:sockets\/ip-name-lookup$/, flag: "--lookup" },
  { name: "settings", interfaces: /^wasi:config\/store$/, flag: "--config NAME=VALUE" },
  { name: "buckets", interfaces: /^wasi:keyvalue\/store$/, flag: "--keyvalue URL" },
];

/** `storeport inspect [options] <guest>`. */
export function inspect(program: Command, context: Context): void {
  program.command("inspect")
    .description("Show what a component imports and exports, and what access it may need.")
    .argument("<guest>", "component to inspect: a file or an http(s) URL")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Toolchains import whatever their standard library might use, so a component may never ask for some of these.

Examples:
  storeport inspect hello.wasm
  storeport inspect --json hello.wasm`,
    )
    .action((source: string, flags: { readonly json?: boolean }) =>
      show(context, source, flags.json ?? false)
    );
}

async function show(context: Context, source: string, json: boolean): Promise<void> {
  const { loadGuest } = await import("../../wasi/mod.ts");
  const guest = await loadGuest(isUrl(source) ? new URL(source) : context.runtime.fileUrl(source));
  const world = worldOf(guest);
  const capabilities = CAPABILITIES.filter(({ interfaces }) =>
    guest.imports.some((one) => interfaces.test(one.interface))
  );
  if (json) {
    await context.printJson({
      name: guest.name,
      world,
      imports: guest.imports,
      exports: guest.exports,
      interruptible: guest.interruptible,
      capabilities: capabilities.map(({ name, flag }) => ({ name, flag })),
      suggestedFlags: capabilities.map(({ flag }) => flag),
    });
    return;
  }
  await context.print(`${clean(guest.name)}: ${world}`);
  await context.print("imports:");
  for (const one of guest.imports) {
    await context.print(
      `  ${clean(versioned(one.interface, one.version))}${one.provided ? "" : "  (not provided)"}`,
    );
  }
  await context.print("exports:");
  for (const { name, version, kind } of guest.exports) {
    await context.print(`  ${clean(versioned(name, version))}${kind === "instance" ? "" : `  (${kind})`}`);
  }
  if (capabilities.length > 0) {
    await context.print("may need:");
    for (const { name, flag } of capabilities) await context.print(`  ${name.padEnd(14)} ${flag}`);
  }
  if (!guest.interruptible) await context.print("has code that cannot be interrupted while it computes");
}

function versioned(name: string, version: string | undefined): string {
  return version === undefined ? name : `${name}@${version}`;
}

function worldOf(guest: Guest): string {
  const exported = (name: string) => guest.exports.some((one) => one.name === name);
  if (exported("wasi:cli/run")) return "a command (storeport run)";
  if (exported("wasi:http/incoming-handler")) return "an HTTP handler (storeport serve)";
  return "a library";
}
