/** The lists in pages of a browser. */
import { basename, join } from "node:path";
import type { Assignment, Outcome } from "../assignment.ts";
import { bundle } from "../bundle.ts";
import { CACHE } from "../places.ts";
import { HOST_PACKAGE, project } from "../project.ts";
import type { ConnectorPlan, RunningRuntime, Runtime, Without } from "../runtime.ts";
import type { Browser } from "./browser.ts";
import { HOST, STORES } from "./exceptions.ts";
import { nodeInPages } from "./plugins.ts";
import type { Program } from "./program.ts";
import { type PageServer, servePage } from "./server.ts";

/**
 * Pages of a browser.
 *
 * @param without What its connector cannot do, case by case; stores and guests lack the same in all browsers.
 */
export function pagesIn(name: string, without: Without, startBrowser: () => Promise<Browser>): Runtime {
  const fetch: ConnectorPlan = {
    features: ["extension-methods", "latin1-headers"],
    without,
    stores: STORES,
    // It sends CORS headers, and shows those that are S3's.
    s3Server: "minio",
    s3: STORES,
  };
  return { name, connectors: { fetch }, host: { without: HOST }, start: () => startPages(startBrowser) };
}

/** Starts a browser, and what serves its pages. */
async function startPages(startBrowser: () => Promise<Browser>): Promise<RunningRuntime> {
  const server = await servePage(await (built ??= build()));
  let browser: Browser;
  try {
    browser = await startBrowser();
  } catch (error) {
    await server.close();
    throw error;
  }
  return {
    version: browser.version,
    run: (assignment) => run(browser, server, assignment),
    async close() {
      try {
        await browser.close();
      } finally {
        await server.close();
      }
    },
  };
}

/** The program, which is the same for every browser. */
let built: Promise<string> | undefined;

async function build(): Promise<string> {
  const folder = await project("host", [HOST_PACKAGE]);
  const outdir = join(CACHE, "page-program");
  await bundle({
    entry: "page/program.ts",
    project: folder,
    outdir,
    packages: "bundle",
    plugins: [nodeInPages],
  });
  // The generator's core modules are looked for beside its code.
  const vendor = join(folder, "node_modules/@bytecodealliance/jco-transpile/vendor");
  for await (const { name } of Deno.readDir(vendor)) {
    if (name.endsWith(".wasm")) await Deno.copyFile(join(vendor, name), join(outdir, basename(name)));
  }
  return outdir;
}

async function run(
  browser: Browser,
  server: PageServer,
  assignment: Assignment,
): Promise<readonly Outcome[]> {
  const page = await browser.newPage();
  try {
    // Whatever the origin answers there is a page.
    await page.goto(`${placeOf(server, assignment)}/echo`);
    return await page.evaluate(async ({ program, assignment }) => {
      await import(program);
      return await (globalThis as unknown as Program).runAssigned(assignment);
    }, { program: `${server.url}/tests/program/program.js`, assignment });
  } finally {
    await page.close();
  }
}

/**
 * Stores are used from elsewhere, as pages do, with CORS; what a connector or a guest can do at all is looked at from
 * a page of the origin itself, for an origin that breaks every rule of HTTP will not send CORS headers either.
 */
function placeOf(server: PageServer, assignment: Assignment): string {
  if (assignment.list === "connector") return assignment.origin;
  if (assignment.list === "host") return `http://${server.origin.address}`;
  return server.url;
}
