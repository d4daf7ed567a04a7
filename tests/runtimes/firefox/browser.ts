/** Starting Firefox, as Debian has it, and driving it with playwright-core over WebDriver BiDi. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { debianProgram, npmInstall } from "../install.ts";
import type { Browser, PlaywrightBrowser } from "../page/browser.ts";
import { NotInstalled } from "../runtime.ts";
import { PREFERENCES } from "./preferences.ts";

/** As much of playwright as is used. */
interface Playwright {
  readonly firefox: {
    launch(options: {
      /** Over WebDriver BiDi, which every Firefox speaks; without it only playwright's own build is driven. */
      readonly channel: "moz-firefox";
      readonly executablePath: string;
      readonly firefoxUserPrefs: Readonly<Record<string, string | number | boolean>>;
      readonly env: Readonly<Record<string, string>>;
    }): Promise<PlaywrightBrowser>;
  };
}

/** Starts it headless, with a home and a profile of its own. */
export async function startBrowser(): Promise<Browser> {
  const [modules, binary] = await Promise.all([
    // Later ones set media features by a command that this year's extended support release does not have.
    npmInstall("playwright-firefox", ["playwright-core@~1.64.0"]),
    debianProgram("firefox-esr"),
  ]);
  if (binary === undefined) throw new NotInstalled("firefox not installed");
  // By its path: Deno takes a bare name for the one of `deno.json`, wherever it is required from.
  const { firefox } = createRequire(import.meta.url)(join(modules, "playwright-core")) as Playwright;
  // It keeps some things outside of its profile, which playwright makes and removes.
  const home = await Deno.makeTempDir({ prefix: "storeport-firefox-" });
  const removeHome = () => Deno.remove(home, { recursive: true }).catch(() => {});
  try {
    const browser = await firefox.launch({
      channel: "moz-firefox",
      executablePath: binary,
      firefoxUserPrefs: PREFERENCES,
      env: {
        HOME: home,
        TMPDIR: home,
        PATH: Deno.env.get("PATH") ?? "",
        // Without it releases take `services.settings.server` for tampering and ask Mozilla's all the same.
        MOZ_REMOTE_SETTINGS_DEVTOOLS: "1",
      },
    });
    return {
      version: browser.version(),
      async newPage() {
        return await (await browser.newContext()).newPage();
      },
      async close() {
        await browser.close();
        await removeHome();
      },
    };
  } catch (error) {
    await removeHome();
    throw error;
  }
}
