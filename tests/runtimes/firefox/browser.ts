/** Starting Firefox for the lists. */
import { debianProgram } from "../install.ts";
import { type Browser, driven } from "../page/browser.ts";
import { NotInstalled } from "../runtime.ts";
import { firefoxType, launchOptions } from "./launch.ts";

/** Starts it headless, with a home and a profile of its own. */
export async function startBrowser(): Promise<Browser> {
  const binary = await debianProgram("firefox-esr");
  if (binary === undefined) throw new NotInstalled("firefox not installed");
  const firefox = await firefoxType();
  // The profile is playwright's, which makes and removes it.
  const home = await Deno.makeTempDir({ prefix: "storeport-firefox-" });
  const removeHome = () => Deno.remove(home, { recursive: true }).catch(() => {});
  try {
    return driven(await firefox.launch(launchOptions(binary, home)), removeHome);
  } catch (error) {
    await removeHome();
    throw error;
  }
}
