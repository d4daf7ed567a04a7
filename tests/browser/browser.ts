/** A gateway with the page, and a browser looking at it. */
import { fileURLToPath } from "node:url";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { buildUi } from "../../scripts/build_ui.ts";
import {
  type GatewayOptions,
  type GatewayServer,
  type GatewayUi,
  serveGateway,
} from "../../src/gateway/mod.ts";
import type { ObjectStore } from "../../src/store/object_store.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";
import { firefoxType, launchOptions } from "../runtimes/firefox/launch.ts";

/** Where Debian's packages put them. */
const BINARIES = { chromium: "/usr/bin/chromium", firefox: "/usr/bin/firefox-esr" } as const;

/** A browser that the page is looked at with. */
type BrowserName = keyof typeof BINARIES;

const FLAGS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync"],
];

/** What a test of the page works with. */
export interface BrowserTest {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly server: GatewayServer;
  /** The store behind the gateway. */
  readonly store: MemoryStore;
  /** The built page. */
  readonly ui: GatewayUi;
  /** What went wrong in the page's scripts so far. */
  readonly pageErrors: readonly string[];
}

/** How a test's gateway and page differ from the ordinary. */
export interface BrowserTestOptions {
  readonly gateway?: Omit<GatewayOptions, "ui">;
  /** Puts what the test finds there. */
  readonly prepare?: (store: MemoryStore) => Promise<void>;
  /** A script put before those of the page and of its worker. */
  readonly prelude?: string;
  /** What follows the page's address. */
  readonly at?: string;
  /** In Firefox too. Browsers differ in what they have, less in what a script does with it: main cases are enough. */
  readonly firefox?: boolean;
}

/** Registers a test in Chromium, and in Firefox where it says so; each tells where that is not installed. */
export function browserTest(
  name: string,
  run: (test: BrowserTest) => Promise<void>,
  options: BrowserTestOptions = {},
): void {
  Deno.test(`browser: ${name}`, () => runIn("chromium", run, options));
  if (options.firefox) Deno.test(`browser: ${name} (Firefox)`, () => runIn("firefox", run, options));
}

async function runIn(
  browser: BrowserName,
  run: (test: BrowserTest) => Promise<void>,
  options: BrowserTestOptions,
): Promise<void> {
  if (!await isInstalled(browser)) return console.log(`SKIPPED: ${browser} not installed`);
  const profile = await Deno.makeTempDir({ prefix: "storeport-profile-" });
  const store = new MemoryStore();
  const ui = await builtUi(options.prelude);
  await options.prepare?.(store);
  const server = await serveGateway({ ...options.gateway, store, ui });
  try {
    const context = await (browser === "chromium" ? launchContext(profile) : launchFirefox(profile));
    try {
      const page = context.pages()[0] ?? await context.newPage();
      const pageErrors: string[] = [];
      page.on("pageerror", (error) => {
        if (!isReport(error)) pageErrors.push(error.message);
      });
      page.setDefaultTimeout(15_000);
      const test: BrowserTest = { page, context, server, store, ui, pageErrors };
      await page.goto(`${server.url}/_ui/${options.at ?? ""}`);
      await run(test);
      if (pageErrors.length > 0) throw new Error(`The page's scripts failed: ${pageErrors.join("; ")}`);
    } finally {
      await context.close();
    }
  } finally {
    await server.shutdown(0);
    await Deno.remove(profile, { recursive: true });
  }
}

/** Firefox tells of these as of errors in scripts: a request that CORS forbids, a worker that was terminated. */
function isReport({ name, message }: Error): boolean {
  return name === "Cross-Origin Request Blocked" ||
    (name === "uncaught exception" && message === "undefined");
}

/** Chromium with an empty page, closed with it; `undefined` where it is not installed. */
export async function launch(): Promise<Page & AsyncDisposable | undefined> {
  if (!await isInstalled("chromium")) return undefined;
  const profile = await Deno.makeTempDir({ prefix: "storeport-profile-" });
  const context = await launchContext(profile);
  const page = context.pages()[0] ?? await context.newPage();
  page.setDefaultTimeout(15_000);
  return Object.assign(page, {
    [Symbol.asyncDispose]: async () => {
      await context.close();
      await Deno.remove(profile, { recursive: true });
    },
  });
}

const VIEWPORT = { width: 1280, height: 800 } as const;

function launchContext(profile: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, {
    executablePath: BINARIES.chromium,
    headless: true,
    args: FLAGS,
    viewport: VIEWPORT,
  });
}

async function launchFirefox(profile: string): Promise<BrowserContext> {
  const firefox = await firefoxType();
  return await firefox.launchPersistentContext(profile, {
    ...launchOptions(BINARIES.firefox, profile),
    viewport: VIEWPORT,
  });
}

let built: Promise<ReadonlyMap<string, Uint8Array<ArrayBuffer>>> | undefined;

/** The page as `scripts/build_ui.ts` makes it, built once for all tests of a file. */
async function builtUi(prelude: string | undefined): Promise<GatewayUi> {
  const files = new Map(await (built ??= build()));
  if (prelude !== undefined) {
    files.set("prelude.js", new TextEncoder().encode(prelude));
    for (const entry of ["main.js", "guest_worker.js"]) {
      const text = new TextDecoder().decode(files.get(entry));
      files.set(entry, new TextEncoder().encode(`import "./prelude.js";\n${text}`));
    }
  }
  return { file: (name) => Promise.resolve(files.get(name)) };
}

async function build(): Promise<ReadonlyMap<string, Uint8Array<ArrayBuffer>>> {
  const folder = await Deno.makeTempDir({ prefix: "storeport-ui-" });
  try {
    await buildUi(`${folder}/ui`);
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    for await (const { name } of Deno.readDir(`${folder}/ui`)) {
      files.set(name, await Deno.readFile(`${folder}/ui/${name}`));
    }
    return files;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A file of the repository's guests, built and committed. */
export function guestFile(path: string): string {
  return fileURLToPath(new URL(`../guests/${path}`, import.meta.url));
}

/** Bytes whose every place can be told from the next. */
export function pattern(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(size).map((_, i) => (i * 7 + (i >> 8)) % 251);
}

/** All bytes of an object. */
export async function bytesOf(store: ObjectStore, path: string): Promise<Uint8Array> {
  return await (await store.get(path)).bytes();
}

/** Paths of all objects, sorted. */
export async function pathsOf(store: ObjectStore): Promise<string[]> {
  const paths: string[] = [];
  for await (const { location } of store.list()) paths.push(location);
  return paths.sort();
}

async function isInstalled(browser: BrowserName): Promise<boolean> {
  return await Deno.stat(BINARIES[browser]).then(() => true, () => false);
}
