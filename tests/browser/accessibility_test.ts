/** axe-core over every state of the page, light and dark: names, roles, contrast, structure. */
import { strict as assert } from "node:assert";
import { Buffer } from "node:buffer";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { browserTest, guestFile } from "./browser.ts";

async function check(page: Page, state: string): Promise<void> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
    return violations.map(({ id, nodes }) =>
      `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`
    );
  });
  assert.deepEqual(found, [], state);
}

for (const colorScheme of ["light", "dark"] as const) {
  browserTest(`is accessible in every state, ${colorScheme}`, async ({ page, server }) => {
    // Colours on their way from one to another have neither's contrast.
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.locator("#rows tr").first().waitFor();
    await check(page, "list");
    await page.click("#rows >> text=c.json");
    await page.locator(".json").waitFor();
    await check(page, "JSON");
    await page.click("#rows >> text=d.bin");
    await page.locator(".hex-row").first().waitFor();
    await page.check("[aria-label='Select c.json']");
    await page.setInputFiles("#upload-files", [{ name: "c.json", mimeType: "", buffer: Buffer.from("new") }]);
    await page.locator(".transfer.failed").waitFor();
    await check(page, "bytes, selection and a failed transfer");
    await page.click("#selection-delete");
    await check(page, "asking before deleting");
    await page.keyboard.press("Escape");
    await page.click("#selection-rename");
    await check(page, "asking for a name");
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await check(page, "keys");
    await page.keyboard.press("Escape");
    for (const kind of ["Memory", "Amazon", "HTTP"]) {
      await page.click("#store");
      await page.click(`label.kind:has-text('${kind}')`);
      await check(page, `connecting, ${kind}`);
      await page.keyboard.press("Escape");
    }
    await page.click("#view-run");
    await check(page, "no component yet");
    await page.setInputFiles("#guest-file", guestFile("http/http.wasm"));
    await page.locator("#run-start:not([disabled])").waitFor();
    await page.fill("#guest-args", `get ${server.url}/c.json`);
    await page.click("#run-start");
    await page.locator("tr.refused").waitFor();
    await check(page, "a refused request");
    await page.click("tr.refused button");
    await page.click("#run-start");
    await page.locator("#run-state.good").waitFor();
    await check(page, "a guest that has ended");
  }, {
    async prepare(store) {
      await store.put("folder/b.txt", "b");
      await store.put("c.json", '{"a":1,"b":"s","c":null,"d":true}');
      await store.put("d.bin", new Uint8Array(5000));
    },
  });
}
