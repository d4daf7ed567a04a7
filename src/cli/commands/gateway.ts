/** `storeport gateway`: serves a store over HTTP. */
import type { Command } from "commander";
import type { Context } from "../context.ts";
import { clean, explain, UsageError } from "../errors.ts";
import type { GatewayUi } from "../../gateway/mod.ts";
import { NotFoundError, NotSupportedError } from "../../store/error.ts";
import type { ObjectStore } from "../../store/object_store.ts";
import {
  addAddressOption,
  addOutputOptions,
  type Address,
  addStoreOptions,
  type OutputFlags,
  parseSize,
  type StoreFlags,
} from "../options.ts";
import { cannotListen } from "../../wasi/serve/address.ts";

interface Flags extends StoreFlags, OutputFlags {
  readonly addr: Address;
  readonly token?: string;
  readonly readOnly?: boolean;
  readonly cors?: true | string;
  readonly basePath?: string;
  readonly maxBodySize?: number;
  readonly ui?: boolean;
}

/** `storeport gateway [options] <url>`. */
export function gateway(program: Command, context: Context): void {
  const command = program.command("gateway")
    .description("Serve a store, or a part of it, over HTTP and WebDAV until interrupted.")
    .argument("<url>", "store, prefix or directory to serve");
  addAddressOption(command)
    .option("--token <token>", "require this bearer token")
    .option("--read-only", "refuse all writes")
    .option(
      "--cors [origin]",
      "let scripts from this origin use it in browsers; any origin without a value, then written after the URL",
    )
    .option("--base-path <path>", "serve below this path, such as /files")
    .option(
      "--max-body-size <size>",
      "largest object that may be uploaded: 256M, 1G; bytes without a unit",
      parseSize,
    )
    .option("--ui", "also serve a web page at _ui/")
    .addHelpText(
      "after",
      `
Without a token, anyone who can reach the address can use it. Other users of this machine can see --token among the
arguments of the process; set STOREPORT_TOKEN in the environment instead.

Examples:
  storeport gateway . --read-only
  storeport gateway . --ui
  STOREPORT_TOKEN=… storeport gateway s3://my-bucket --addr 0.0.0.0:8080
  storeport gateway memory:// --addr 127.0.0.1:0 --cors`,
    );
  addOutputOptions(addStoreOptions(command)).action((url: string, flags: Flags) =>
    serve(context, url, flags)
  );
}

async function serve(context: Context, url: string, flags: Flags): Promise<void> {
  context.requireUrl("-o", flags.option, [url]);
  const location = await context.open(url, { options: flags.option, dropAttributes: true });
  const { store, path } = location;
  await context.requireDirectory(location, "serve");
  if (flags.token === "") throw new UsageError("The token is empty: leave out --token to require none");
  if (flags.basePath && !flags.basePath.startsWith("/")) {
    throw new UsageError(`Cannot serve below "${flags.basePath}": a base path begins with a slash`);
  }
  if (flags.cors === "") throw new UsageError("The origin is empty: write --cors after the URL to allow any");
  const token = flags.token ?? context.runtime.environment("STOREPORT_TOKEN");
  // A variable that was meant to hold a secret and does not must not open the store to everybody.
  if (token === "") throw new UsageError("STOREPORT_TOKEN is empty: unset it to require no token");
  const { serveGateway } = await import("../../gateway/mod.ts");
  const { PrefixStore } = await import("../../wrappers/mod.ts");
  const { contentTypeOf } = await import("../content_type.ts");
  const served = path === "" ? store : new PrefixStore(store, path);
  const ui = flags.ui ? await page(served, context.signal) : undefined;
  const server = await serveGateway({
    store: served,
    ui,
    ...flags.addr,
    basePath: flags.basePath,
    readOnly: flags.readOnly,
    maxBodySize: flags.maxBodySize,
    auth: token === undefined ? undefined : { bearer: token },
    cors: flags.cors === undefined ? undefined : { origins: flags.cors === true ? "*" : [flags.cors] },
    contentTypeOf,
    onError: (error) => void context.note(`storeport: ${explain(error)}`).catch(() => {}),
  }).catch((error) => {
    throw error?.syscall === undefined ? error : cannotListen(flags.addr.hostname, flags.addr.port, error);
  });
  try {
    if (flags.json) {
      const { hostname, port } = server;
      await context.printJson({ url: server.url, hostname, port, ...ui && { ui: `${server.url}/_ui/` } });
    } else if (!flags.quiet) {
      await context.print(`Serving ${clean(url)} at ${server.url} (interrupt to stop)`);
      if (ui) await context.print(`Open ${server.url}/_ui/ in a browser`);
    }
    await interrupted(context.signal);
  } finally {
    await server.shutdown();
  }
}

/** The page, which gets its name for itself only where nothing of the store would be hidden by it. */
async function page(store: ObjectStore, signal: AbortSignal): Promise<GatewayUi> {
  if (await isTaken(store, "_ui", signal)) {
    throw new UsageError(
      'The page would hide what is stored at "_ui": serve a part of the store, or no page',
    );
  }
  const { findUi } = await import("../ui_node.ts");
  return await findUi();
}

async function isTaken(store: ObjectStore, name: string, signal: AbortSignal): Promise<boolean> {
  try {
    for await (const _ of store.list(name, { signal, invalidPaths: "skip" })) return true;
    await store.head(name, { signal });
    return true;
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof NotSupportedError) return false;
    throw error;
  }
}

/** Resolves when the user interrupts: for a server that is its regular end. */
export function interrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
