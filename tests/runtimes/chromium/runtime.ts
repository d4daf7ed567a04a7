/** A page in Chromium. */
import { basename, join } from "node:path";
import type { Assignment, Outcome } from "../assignment.ts";
import { bundle } from "../bundle.ts";
import { CACHE } from "../places.ts";
import { HOST_PACKAGE, project } from "../project.ts";
import type { RunningRuntime, Runtime } from "../runtime.ts";
import { type Browser, startBrowser } from "./browser.ts";
import type { Program } from "./program.ts";
import { CONNECTOR, HOST, STORES } from "./exceptions.ts";
import { nodeInPages } from "./plugins.ts";
import { type PageServer, servePage } from "./server.ts";

export const chromium: Runtime = {
  name: "Chromium",
  connectors: {
    fetch: {
      features: ["extension-methods", "latin1-headers"],
      without: CONNECTOR,
      stores: STORES,
      // It sends CORS headers, and shows those that are S3's.
      s3Server: "minio",
      s3: STORES,
    },
  },
  host: { without: HOST },
  start,
};

async function start(): Promise<RunningRuntime> {
  const program = await build();
  const [browser, server] = await Promise.all([startBrowser(), servePage(program)]);
  return {
    version: browser.version,
    run: (assignment) => run(browser, server, assignment),
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

async function build(): Promise<string> {
  const folder = await project("host", [HOST_PACKAGE]);
  const outdir = join(CACHE, "chromium-program");
  await bundle({
    entry: "chromium/program.ts",
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
  const errors: Outcome[] = [];
  page.on("pageerror", (error) => errors.push({ name: "no error goes unheard", error: String(error) }));
  try {
    // Whatever the origin answers there is a page.
    await page.goto(`${placeOf(server, assignment)}/echo`);
    const outcomes = await page.evaluate(async ({ program, assignment }) => {
      await import(program);
      return await (globalThis as unknown as Program).runAssigned(assignment);
    }, { program: `${server.url}/tests/program/program.js`, assignment });
    return [...outcomes, ...errors];
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
