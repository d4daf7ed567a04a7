/** How playwright-core is to start Firefox, as Debian has it, over WebDriver BiDi. */
import { createRequire } from "node:module";
import { join } from "node:path";
import type { BrowserType, LaunchOptions } from "playwright-core";
import { npmInstall } from "../install.ts";
import { PREFERENCES } from "./preferences.ts";

/** The part of playwright-core that starts Firefox. */
export async function firefoxType(): Promise<BrowserType> {
  // Later ones set media features by a command that this year's extended support release does not have.
  const modules = await npmInstall("playwright-firefox", ["playwright-core@~1.64.0"]);
  // By its path: Deno takes a bare name for the one of `deno.json`, wherever it is required from.
  return createRequire(import.meta.url)(join(modules, "playwright-core")).firefox;
}

/** Headless, asking nobody for anything; `home` is for what it keeps outside of its profile. */
export function launchOptions(binary: string, home: string): LaunchOptions {
  return {
    // Over WebDriver BiDi, which every Firefox speaks; without it only playwright's own build is driven.
    channel: "moz-firefox",
    executablePath: binary,
    headless: true,
    firefoxUserPrefs: { ...PREFERENCES },
    env: {
      HOME: home,
      TMPDIR: home,
      PATH: Deno.env.get("PATH") ?? "",
      // Without it releases take `services.settings.server` for tampering and ask Mozilla's all the same.
      MOZ_REMOTE_SETTINGS_DEVTOOLS: "1",
    },
  };
}
