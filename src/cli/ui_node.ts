/** Finding the page that `storeport gateway --ui` serves (Deno, Node, Bun). */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { GatewayUi } from "../gateway/mod.ts";
import { uiFromFolder } from "../gateway/ui_node.ts";
import { UsageError } from "./errors.ts";

/** Where the npm package has the page, built: in its root, however deep its builder puts the code. */
const PREBUILT = ["../../ui/", "../../../ui/"];
/** Where a checkout has what builds it, and where that puts it. */
const BUILDER = "../../scripts/build_ui.ts";
const BUILT = "../../.cache/ui";

/**
 * The page: the one that the package brings, or in a checkout one that is built now, which takes less than a second.
 *
 * @throws {UsageError} where there is neither.
 */
export async function findUi(): Promise<GatewayUi> {
  const at = (path: string): URL => new URL(path, import.meta.url);
  if (import.meta.url.startsWith("file:")) {
    const prebuilt = PREBUILT.find((folder) => existsSync(at(`${folder}guest_worker.js`)));
    if (prebuilt !== undefined) return uiFromFolder(at(prebuilt));
    if ("Deno" in globalThis && existsSync(at(BUILDER))) {
      // Not known when this is bundled or packed: the builder is no part of the package.
      const { buildUi } = await import(at(BUILDER).href) as { buildUi(folder: string): Promise<unknown> };
      await buildUi(fileURLToPath(at(BUILT)));
      return uiFromFolder(at(BUILT));
    }
  }
  throw new UsageError(
    "The page is not part of this installation: run `npx @storeport/storeport gateway --ui`",
  );
}
