/** Starting Chromium and driving it with playwright-core. */
import { join } from "node:path";
import { debianProgram } from "../install.ts";
import { type Browser, driven, type PlaywrightBrowser } from "../page/browser.ts";
import { NotInstalled } from "../runtime.ts";

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
  const binary = await debianProgram("chromium");
  if (binary === undefined) throw new NotInstalled("chromium not installed");
  const { chromium } = await import("playwright-core");
  const profile = await Deno.makeTempDir({ prefix: "storeport-chromium-" });
  const process = new Deno.Command(binary, {
    args: [...FLAGS, `--user-data-dir=${profile}`, "about:blank"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const end = async (): Promise<void> => {
    process.kill("SIGTERM");
    await process.status;
    await Deno.remove(profile, { recursive: true }).catch(() => {});
  };
  try {
    const port = await debuggingPort(profile);
    const browser: PlaywrightBrowser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
    return driven(browser, end);
  } catch (error) {
    await end();
    throw error;
  }
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
