/** Starting Chromium and driving it with playwright-core. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { debianProgram, npmInstall } from "../install.ts";
import { NotInstalled } from "../runtime.ts";

/** As much of playwright's page as is used. */
export interface Page {
  goto(url: string): Promise<unknown>;
  evaluate<R, A>(action: (argument: A) => R | Promise<R>, argument: A): Promise<R>;
  on(event: "pageerror", listener: (error: Error) => void): void;
  close(): Promise<void>;
}

/** A browser that runs. */
export interface Browser {
  readonly version: string;
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

interface PlaywrightBrowser {
  version(): string;
  newContext(): Promise<{ newPage(): Promise<Page> }>;
  close(): Promise<void>;
}

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Containers have a small one.
  "--disable-dev-shm-usage",
  "--remote-debugging-port=0",
];

/** Starts it with a profile of its own. */
export async function startBrowser(): Promise<Browser> {
  const [modules, binary] = await Promise.all([
    npmInstall("playwright", ["playwright-core@1"]),
    debianProgram("chromium"),
  ]);
  if (binary === undefined) throw new NotInstalled("chromium not installed");
  const profile = await Deno.makeTempDir({ prefix: "storeport-chromium-" });
  const process = new Deno.Command(binary, {
    args: [...FLAGS, `--user-data-dir=${profile}`, "about:blank"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const { chromium } = createRequire(join(modules, "playwright.cjs"))("playwright-core") as {
    chromium: { connectOverCDP(url: string): Promise<PlaywrightBrowser> };
  };
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${await debuggingPort(profile)}`);
  return {
    version: browser.version(),
    async newPage() {
      return await (await browser.newContext()).newPage();
    },
    async close() {
      await browser.close();
      process.kill("SIGTERM");
      await process.status;
      await Deno.remove(profile, { recursive: true }).catch(() => {});
    },
  };
}

/** Chromium writes it down once it listens. */
async function debuggingPort(profile: string): Promise<string> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const text = await Deno.readTextFile(join(profile, "DevToolsActivePort")).catch(() => "");
    const port = text.split("\n")[0];
    if (port) return port;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("Chromium does not listen");
}
