/** `storeport gateway`: serves a store over HTTP. */
import { type Command, InvalidArgumentError } from "commander";
import type { Context } from "../context.ts";
import { clean, explain, UsageError } from "../errors.ts";
import type { GatewayUi } from "../../gateway/mod.ts";
import { NotFoundError, NotSupportedError } from "../../store/error.ts";
import type { ObjectStore } from "../../store/object_store.ts";
import {
  addOutputOptions,
  addStoreOptions,
  type OutputFlags,
  parsePositive,
  type StoreFlags,
} from "../options.ts";

interface Flags extends StoreFlags, OutputFlags {
  readonly addr: Address;
  readonly token?: string;
  readonly readOnly?: boolean;
  readonly cors?: true | string;
  readonly basePath?: string;
  readonly maxBodySize?: number;
  readonly ui?: boolean;
}

/** Where to listen. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
}

/** `storeport gateway [options] <url>`. */
export function gateway(program: Command, context: Context): void {
  const command = program.command("gateway")
    .description("Serve a store, or a part of it, over HTTP and WebDAV until interrupted.")
    .argument("<url>", "what to serve")
    .option("--addr <host:port>", "address to listen on; port 0 takes a free one", parseAddress, {
      hostname: "127.0.0.1",
      port: 8080,
    })
    .option("--token <token>", "ask for this bearer token")
    .option("--read-only", "refuse everything that writes")
    .option("--cors [origin]", "let scripts of this origin in browsers use it; of any without a value")
    .option("--base-path <path>", "serve below this path")
    .option("--max-body-size <bytes>", "largest object that may be put", parsePositive)
    .option("--ui", "serve a web page for it too, at _ui/")
    .addHelpText(
      "after",
      `
Anyone who can reach the address can use it, unless there is a token. Others on this machine see the token among the
arguments of the process: STOREPORT_TOKEN in the environment is not seen.

Examples:
  storeport gateway . --read-only
  storeport gateway . --ui
  storeport gateway memory:// --addr 127.0.0.1:0 --cors`,
    );
  addOutputOptions(addStoreOptions(command)).action((url: string, flags: Flags) =>
    serve(context, url, flags)
  );
}

async function serve(context: Context, url: string, flags: Flags): Promise<void> {
  const { store, path } = await context.open(url, { options: flags.option, dropAttributes: true });
  const token = flags.token ?? context.runtime.environment("STOREPORT_TOKEN");
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

/** For `argParser`: `host:port`. */
export function parseAddress(value: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(value);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new InvalidArgumentError("Write it as host:port, such as 127.0.0.1:8080.");
  }
  return { hostname: match[1] ?? (match[2] || "0.0.0.0"), port };
}
