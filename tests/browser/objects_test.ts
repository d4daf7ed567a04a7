/** The page's view of objects, worked as a user works it: with the mouse, with files, and with nothing but keys. */
import { strict as assert } from "node:assert";
import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { browserTest, bytesOf, pathsOf, pattern } from "./browser.ts";
import type { MemoryStore } from "../../src/stores/memory/mod.ts";

const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><script>top.hacked = 1</script></svg>';

async function sample(store: MemoryStore): Promise<void> {
  await store.put("reports/2026/q1.csv", "region,total\nnorth,7\n");
  await store.put("reports/2026/q2.csv", "region,total\nsouth,9\n");
  await store.put("reports/plan #1 (50%).txt", "a plan");
  await store.put("config.json", '{"name":"harbour","berths":12,"open":true}', {
    attributes: { contentType: "application/json", metadata: { origin: "crane" } },
  });
  await store.put("text.log", "x".repeat(200_000) + "END");
  await store.put("data.bin", pattern(100_000));
  await store.put("empty", "");
  await store.put("picture.svg", SVG, { attributes: { contentType: "image/svg+xml" } });
  await store.put("<img src=x onerror=alert(1)>.txt", "no markup");
}

/** Names in the list, in the order shown. */
async function names(page: Page): Promise<string[]> {
  return await page.locator("#rows td.name a").allTextContents();
}

async function waitForNames(page: Page, expected: readonly string[]): Promise<void> {
  await page.waitForFunction(
    (expected) =>
      JSON.stringify([...document.querySelectorAll("#rows td.name a")].map((link) => link.textContent)) ===
        expected,
    JSON.stringify(expected),
  );
}

browserTest("browses folders, sorts, filters, and follows the history", async ({ page }) => {
  const all = [
    "reports",
    "<img src=x onerror=alert(1)>.txt",
    "config.json",
    "data.bin",
    "empty",
    "picture.svg",
    "text.log",
  ];
  await waitForNames(page, all);
  assert.equal(await page.locator("#count").textContent(), "7 items");

  await page.click("#rows >> text=reports");
  await waitForNames(page, ["2026", "plan #1 (50%).txt"]);
  await page.click("#rows >> text=2026");
  await waitForNames(page, ["q1.csv", "q2.csv"]);
  assert.deepEqual(await page.locator("#crumbs a").allTextContents(), ["Root", "reports", "2026"]);
  await page.goBack();
  await waitForNames(page, ["2026", "plan #1 (50%).txt"]);
  await page.click("#rows >> text=plan #1");
  await page.locator("pre.text").filter({ hasText: "a plan" }).waitFor();
  await page.reload();
  await page.locator("pre.text").filter({ hasText: "a plan" }).waitFor();
  await page.click("#crumbs a >> nth=0");
  await waitForNames(page, all);

  await page.click("th[data-sort=size] button");
  assert.equal(await page.getAttribute("th[data-sort=size]", "aria-sort"), "descending");
  assert.deepEqual((await names(page)).slice(0, 3), ["reports", "text.log", "data.bin"]);
  await page.click("th[data-sort=size] button");
  assert.deepEqual((await names(page)).slice(0, 2), ["reports", "empty"]);

  await page.fill("#filter", "t.log");
  assert.deepEqual(await names(page), ["text.log"]);
  await page.fill("#filter", "nothing like it");
  await page.locator("#empty-text").filter({ hasText: "Nothing matches" }).waitFor();
}, { prepare: sample });

browserTest("previews text, JSON, images and bytes, by ranges", async ({ page }) => {
  const ranges: string[] = [];
  page.on("request", (request) => {
    const range = request.headers().range;
    if (range !== undefined) ranges.push(`${new URL(request.url()).pathname} ${range}`);
  });
  await page.click("#rows >> text=config.json");
  await page.locator(".json .j-key").first().waitFor();
  assert.match(await page.locator("pre.json").innerText(), /"name": "harbour",\n {2}"berths": 12,/);
  const facts = await page.locator(".facts").innerText();
  assert.match(facts, /application\/json/);
  assert.match(facts, /origin\s+crane/);
  await page.click(".tabs >> text=Text");
  await page.locator("pre.text").filter({ hasText: '{"name":"harbour"' }).waitFor();

  await page.click("#rows >> text=text.log");
  await page.locator(".more").filter({ hasText: "128 KiB of 195 KiB" }).waitFor();
  assert.doesNotMatch(await page.locator("pre.text").innerText(), /END/);
  await page.click("text=Load more");
  await page.locator("pre.text").filter({ hasText: "xEND" }).waitFor();
  assert.ok(ranges.includes("/text.log bytes=131072-200002"), ranges.join("\n"));

  await page.click("#rows >> text=data.bin");
  await page.locator(".hex-row").first().waitFor();
  assert.match(
    await page.locator(".hex-row").first().innerText(),
    /^00000000 {2}00 07 0e 15 1c 23 2a 31 {2}38/,
  );
  await page.click("[aria-label='Last page']");
  await page.locator(".hex-offset").filter({ hasText: "00018400" }).waitFor();
  await page.fill(".offset", "0x1000");
  await page.press(".offset", "Enter");
  await page.locator(".hex-offset").filter({ hasText: "00001000" }).waitFor();
  assert.ok(ranges.includes("/data.bin bytes=4096-5119"), ranges.join("\n"));

  await page.click("#rows >> text=picture.svg");
  await page.locator(".content .hint").filter({ hasText: "40 × 30" }).waitFor();
  assert.equal(await page.evaluate(() => "hacked" in globalThis), false);

  await page.click("#rows >> text=empty");
  await page.locator("text=The object is empty.").waitFor();
  await page.click("#rows >> text=<img");
  await page.locator("pre.text").filter({ hasText: "no markup" }).waitFor();
}, { firefox: true, prepare: sample });

browserTest("uploads files and leaves what is there alone", async ({ page, store }) => {
  const large = pattern(20 * 2 ** 20);
  await store.put("kept.txt", "old");
  await page.click("#reload");
  await page.setInputFiles("#upload-files", [
    { name: "large.bin", mimeType: "application/x-test", buffer: Buffer.from(large) },
    { name: "ü ümlaut.txt", mimeType: "text/plain", buffer: Buffer.from("small") },
    { name: "kept.txt", mimeType: "text/plain", buffer: Buffer.from("new") },
  ]);
  await page.locator(".transfer.failed").filter({ hasText: "it was left alone" }).waitFor();
  await waitForNames(page, ["kept.txt", "large.bin", "ü ümlaut.txt"]);
  assert.deepEqual(await bytesOf(store, "large.bin"), large);
  assert.equal((await store.get("large.bin")).attributes.contentType, "application/x-test");
  assert.equal(await (await store.get("ü ümlaut.txt")).text(), "small");
  assert.equal(await (await store.get("kept.txt")).text(), "old");

  await page.click(".transfer.failed >> text=Keep both");
  await waitForNames(page, ["kept (2).txt", "kept.txt", "large.bin", "ü ümlaut.txt"]);
  assert.equal(await (await store.get("kept (2).txt")).text(), "new");
  assert.equal(await (await store.get("kept.txt")).text(), "old");

  const again = { name: "kept.txt", mimeType: "text/plain", buffer: Buffer.from("newest") };
  await page.setInputFiles("#upload-files", again);
  await page.click(".transfer.failed >> text=Replace");
  await page.locator(".transfer.done").filter({ hasText: "kept.txt" }).nth(1).waitFor();
  assert.equal(await (await store.get("kept.txt")).text(), "newest");

  await page.click("#protect");
  await page.setInputFiles("#upload-files", { ...again, buffer: Buffer.from("last") });
  await page.locator(".transfer.done").filter({ hasText: "kept.txt" }).nth(2).waitFor();
  assert.equal(await (await store.get("kept.txt")).text(), "last");
}, { firefox: true });

browserTest("uploads what is dropped, folders with what is in them", async ({ page, store }) => {
  await page.locator("#empty").waitFor();
  const transfer = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["one"], "one.txt", { type: "text/plain" }));
    transfer.items.add(new File(["two"], "two.txt", { type: "text/plain" }));
    return transfer;
  });
  await page.dispatchEvent("body", "dragover", { dataTransfer: transfer });
  await page.locator("#drop-upload").waitFor();
  await page.dispatchEvent("#drop-upload", "drop", { dataTransfer: transfer });
  await waitForNames(page, ["one.txt", "two.txt"]);
  assert.equal(await (await store.get("two.txt")).text(), "two");

  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/tree/inner`, { recursive: true });
    await Deno.writeTextFile(`${folder}/tree/a.txt`, "a");
    await Deno.writeTextFile(`${folder}/tree/inner/b.txt`, "b");
    await page.setInputFiles("#upload-folder", `${folder}/tree`);
    await waitForNames(page, ["tree", "one.txt", "two.txt"]);
    await page.locator("#transfers-summary").filter({ hasText: "4 done" }).waitFor();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  assert.deepEqual(await pathsOf(store), ["one.txt", "tree/a.txt", "tree/inner/b.txt", "two.txt"]);
});

browserTest("cancels an upload, which leaves nothing behind", async ({ page, context, store }) => {
  // Slow enough that there is something to cancel.
  const session = await context.newCDPSession(page);
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: 500_000,
  });
  const file = { name: "slow.bin", mimeType: "", buffer: Buffer.from(pattern(8 * 2 ** 20)) };
  await page.setInputFiles("#upload-files", file);
  await page.locator(".transfer.running .note").filter({ hasText: / of 8.0 MiB/ }).waitFor();
  await page.click("[aria-label='Cancel slow.bin']");
  await page.locator(".transfer.cancelled").waitFor();
  assert.deepEqual(await pathsOf(store), []);
});

browserTest("downloads small objects as the browser does, and streams large ones to disk", async (test) => {
  const { page, store } = test;
  await page.click("#rows >> text=data.bin");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.click(".preview-actions >> text=Download"),
  ]);
  assert.equal(download.suggestedFilename(), "data.bin");
  assert.deepEqual(new Uint8Array(await readFile(await download.path())), await bytesOf(store, "data.bin"));

  // The dialog of the system cannot be worked from here; a file of the page's own takes its place.
  await page.evaluate(() => {
    Object.assign(globalThis, {
      showSaveFilePicker: async ({ suggestedName }: { suggestedName: string }) =>
        await (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true }),
    });
  });
  await store.put("large.bin", pattern(40 * 2 ** 20));
  await page.click("#reload");
  await page.check("[aria-label='Select large.bin']");
  await page.click("#selection-download");
  await page.locator(".transfer.done").filter({ hasText: "large.bin" }).waitFor();
  const sum = await page.evaluate(async () => {
    const file = await (await (await navigator.storage.getDirectory()).getFileHandle("large.bin")).getFile();
    return [...new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()))];
  });
  const wanted = new Uint8Array(await crypto.subtle.digest("SHA-256", pattern(40 * 2 ** 20)));
  assert.deepEqual(sum, [...wanted]);
}, { prepare: sample });

browserTest("renames and deletes after asking, folders too", async ({ page, store }) => {
  await page.check("[aria-label='Select empty']");
  await page.click("#selection-rename");
  await page.fill("dialog input", "..");
  await page.click("dialog button:has-text('Rename')");
  await page.locator("dialog .wrong").waitFor();
  await page.fill("dialog input", "config.json");
  await page.keyboard.press("Enter");
  await page.locator(".transfer.failed").filter({ hasText: "it was left alone" }).waitFor();
  await page.click(".transfer.failed >> text=Dismiss");
  assert.equal((await store.head("empty")).size, 0);

  await page.click("#selection-rename");
  await page.fill("dialog input", "moved/nothing");
  await page.keyboard.press("Enter");
  await page.locator("#rows >> text=moved").waitFor();
  assert.equal((await store.head("moved/nothing")).size, 0);

  await page.check("[aria-label='Select reports']");
  await page.click("#selection-rename");
  await page.fill("dialog input", "archive");
  await page.keyboard.press("Enter");
  await page.locator("#rows >> text=archive").waitFor();
  const moved = (await pathsOf(store)).filter((path) => /^(?:archive|reports)\//.test(path));
  assert.deepEqual(moved, ["archive/2026/q1.csv", "archive/2026/q2.csv", "archive/plan #1 (50%).txt"]);

  await page.check("[aria-label='Select archive']");
  await page.check("[aria-label='Select data.bin']");
  await page.click("#selection-delete");
  await page.locator("dialog h2").filter({ hasText: "Delete 1 object and 1 folder?" }).waitFor();
  await page.click("dialog button:has-text('Cancel')");
  assert.ok((await pathsOf(store)).includes("data.bin"));
  await page.click("#selection-delete");
  await page.click("dialog .danger");
  await waitForNames(page, [
    "moved",
    "<img src=x onerror=alert(1)>.txt",
    "config.json",
    "picture.svg",
    "text.log",
  ]);
  assert.deepEqual(
    (await pathsOf(store)).filter((path) => path.startsWith("archive/") || path === "data.bin"),
    [],
  );
}, { prepare: sample });

browserTest("is worked with nothing but the keyboard", async ({ page, store }) => {
  await waitForNames(page, ["reports", "a.txt", "b.txt", "c.txt"]);
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim());
  const keys = async (...list: string[]) => {
    for (const key of list) await page.keyboard.press(key);
  };
  // The first stop leads past everything else.
  await keys("Tab");
  assert.equal(await focused(), "Skip to the content");
  await keys("Enter");
  await page.waitForFunction(() => document.activeElement?.tagName === "TR");
  await keys("Enter");
  await waitForNames(page, ["q.csv"]);
  await page.waitForFunction(() => document.activeElement?.textContent?.includes("q.csv"));
  await keys("Enter");
  await page.locator("pre.text").waitFor();
  await keys("Escape");
  await page.locator("#preview").waitFor({ state: "hidden" });
  await page.waitForFunction(() => document.activeElement?.textContent?.includes("q.csv"));
  await keys("Backspace");
  await waitForNames(page, ["reports", "a.txt", "b.txt", "c.txt"]);
  // Back on the folder that it came out of.
  await page.waitForFunction(() => document.activeElement?.textContent?.includes("reports"));

  await keys("ArrowDown", "F2");
  await page.locator("dialog input").waitFor();
  // The name is selected up to its dot.
  await page.keyboard.type("renamed");
  await keys("Enter");
  await waitForNames(page, ["reports", "b.txt", "c.txt", "renamed.txt"]);
  assert.equal(await (await store.get("renamed.txt")).text(), "a");

  await page.evaluate(() => (document.querySelector("#rows tr[tabindex='0']") as HTMLElement).focus());
  await keys("Home", "ArrowDown", "Shift+ArrowDown");
  assert.equal(await page.locator("#selection-text").textContent(), "2 selected, 2 B");
  await keys("Delete");
  await page.locator("dialog h2").filter({ hasText: "Delete 2 objects?" }).waitFor();
  assert.equal(await focused(), "Cancel");
  await keys("Tab", "Enter");
  await waitForNames(page, ["reports", "renamed.txt"]);
  assert.deepEqual(await pathsOf(store), ["renamed.txt", "reports/q.csv"]);

  await keys("?");
  await page.locator("dialog h2").filter({ hasText: "Keyboard" }).waitFor();
  await keys("Escape", "/");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "filter");
  await page.keyboard.type("ren");
  assert.deepEqual(await names(page), ["renamed.txt"]);
  await keys("Enter", "d");
  await page.locator(".transfer.done").filter({ hasText: "renamed.txt" }).last().waitFor();
  await keys("2");
  await page.locator("#run").waitFor();
  await keys("1");
  await page.locator("#objects").waitFor();
}, {
  firefox: true,
  async prepare(store) {
    for (const name of ["a", "b", "c"]) await store.put(`${name}.txt`, name);
    await store.put("reports/q.csv", "q");
  },
});
