/** Connecting stores: the gateway that serves the page, others under CORS, memory, S3, and what goes wrong. */
import { strict as assert } from "node:assert";
import { Buffer } from "node:buffer";
import { serveGateway } from "../../src/gateway/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";
import { S3Store } from "../../src/stores/s3/mod.ts";
import { S3_SERVERS, startS3 } from "../servers/s3.ts";
import { browserTest, bytesOf, pattern } from "./browser.ts";

browserTest("asks for the token of a gateway that wants one", async ({ page }) => {
  await page.locator("dialog#connect[open]").waitFor();
  assert.match(await page.locator("#connect-error").innerText(), /asks for credentials/);
  await page.fill("[name=token]", "wrong");
  await page.keyboard.press("Enter");
  await page.locator("#connect-error").filter({ hasText: "UnauthenticatedError" }).waitFor();
  await page.fill("[name=token]", "let-me-in");
  await page.keyboard.press("Enter");
  await page.locator("#rows >> text=secret.txt").click();
  await page.locator("pre.text").filter({ hasText: "behind the token" }).waitFor();
  assert.doesNotMatch(page.url(), /let-me-in/);
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  assert.doesNotMatch(kept, /let-me-in/);
}, {
  gateway: { auth: { bearer: "let-me-in" } },
  prepare: async (store) => void await store.put("secret.txt", "behind the token"),
});

browserTest("offers nothing that writes where only reading is allowed", async ({ page }) => {
  await page.click("#rows >> text=a.txt");
  await page.locator("pre.text").waitFor();
  assert.match(await page.locator("#store").innerText(), /read only/);
  assert.equal(await page.locator("#upload-files-button").isVisible(), false);
  assert.equal(await page.locator(".preview-actions >> text=Delete").count(), 0);
  await page.locator("#rows tr").first().focus();
  await page.keyboard.press("Delete");
  assert.equal(await page.locator("dialog[open]").count(), 0);
}, { gateway: { readOnly: true }, prepare: async (store) => void await store.put("a.txt", "a") });

browserTest(
  "works with another gateway that allows its origin, and tells when one does not",
  async ({ page }) => {
    const store = new MemoryStore();
    await store.put("far/away.txt", "elsewhere");
    await using open = await serveGateway({ store, cors: { origins: "*" } });
    await using closed = await serveGateway({ store });
    await page.click("#store");
    await page.fill("[name=url]", `${closed.url}/`);
    await page.keyboard.press("Enter");
    await page.locator("#connect-error").filter({ hasText: /Error/ }).waitFor();
    await page.fill("[name=url]", `${open.url}/`);
    await page.keyboard.press("Enter");
    await page.click("#rows >> text=far");
    await page.click("#rows >> text=away.txt");
    await page.locator("pre.text").filter({ hasText: "elsewhere" }).waitFor();
    const large = pattern(3 * 2 ** 20);
    await page.setInputFiles("#upload-files", [{ name: "up.bin", mimeType: "", buffer: Buffer.from(large) }]);
    await page.locator("#rows >> text=up.bin").waitFor();
    assert.deepEqual(await bytesOf(store, "far/up.bin"), large);
    await page.check("[aria-label='Select up.bin']");
    await page.click("#selection-delete");
    await page.click("dialog .danger");
    await page.locator("#rows >> text=up.bin").waitFor({ state: "detached" });
  },
  { firefox: true },
);

browserTest("keeps objects in the memory of the page", async ({ page }) => {
  await page.click("#store");
  await page.click("label.kind:has-text('Memory')");
  await page.click("dialog button:has-text('Connect')");
  await page.locator("#empty-text").filter({ hasText: "Nothing here yet" }).waitFor();
  await page.setInputFiles("#upload-files", [{
    name: "m.txt",
    mimeType: "text/plain",
    buffer: Buffer.from("m"),
  }]);
  await page.click("#rows >> text=m.txt");
  await page.locator("pre.text").filter({ hasText: "m" }).waitFor();
});

browserTest("stands alone on any web server", async ({ page, ui, store, server }) => {
  await store.put("there.txt", "there");
  const types: Record<string, string> = { html: "text/html", js: "text/javascript", css: "text/css" };
  const plain = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const name = pathname === "/" ? "index.html" : pathname.slice(1);
    const bytes = await ui.file(name);
    if (bytes === undefined) return new Response("not found", { status: 404 });
    const type = types[name.split(".").at(-1)!] ?? "application/octet-stream";
    return new Response(bytes, { headers: { "content-type": type } });
  });
  try {
    await page.goto(`http://127.0.0.1:${plain.addr.port}/`);
    // No gateway is behind it: it asks.
    await page.locator("dialog#connect[open]").waitFor();
    assert.equal(await page.inputValue("[name=url]"), "");
    await page.goto(`http://127.0.0.1:${plain.addr.port}/?store=${encodeURIComponent(`${server.url}/`)}`);
    await page.locator("#rows >> text=there.txt").waitFor();
  } finally {
    await page.goto("about:blank");
    await plain.shutdown();
  }
}, { gateway: { cors: { origins: "*" } } });

browserTest("works with a bucket of S3, in parts too", async ({ page }) => {
  const spec = S3_SERVERS.find(({ name }) => name === "minio")!;
  const server = await startS3(spec);
  if (server === undefined) return console.log("SKIPPED: minio not installed");
  try {
    const options = await server.bucket("from-a-page");
    const store = new S3Store(options);
    try {
      await store.put("docs/read me.txt", "in a bucket", { attributes: { contentType: "text/plain" } });
      await page.click("#store");
      await page.click("label.kind:has-text('Amazon')");
      await page.fill("[name=bucket]", options.bucket);
      await page.fill("[name=endpoint]", options.endpoint!);
      await page.fill("[name=accessKeyId]", options.accessKeyId!);
      await page.fill("[name=secretAccessKey]", "wrong");
      await page.keyboard.press("Enter");
      await page.locator("#connect-error").filter({ hasText: /Error: / }).waitFor();
      await page.fill("[name=secretAccessKey]", options.secretAccessKey!);
      await page.keyboard.press("Enter");
      await page.click("#rows >> text=docs");
      await page.click("#rows >> text=read me.txt");
      await page.locator("pre.text").filter({ hasText: "in a bucket" }).waitFor();
      assert.match(await page.locator(".facts").innerText(), /text\/plain/);

      const large = pattern(24 * 2 ** 20);
      await page.setInputFiles("#upload-files", [
        { name: "large.bin", mimeType: "", buffer: Buffer.from(large) },
        { name: "read me.txt", mimeType: "text/plain", buffer: Buffer.from("new") },
      ]);
      await page.locator("#rows >> text=large.bin").waitFor();
      await page.locator(".transfer.failed").filter({ hasText: "it was left alone" }).waitFor();
      assert.deepEqual(await bytesOf(store, "docs/large.bin"), large);
      assert.equal(await (await store.get("docs/read me.txt")).text(), "in a bucket");

      await page.check("[aria-label='Select large.bin']");
      await page.click("#selection-delete");
      await page.click("dialog .danger");
      await page.locator("#rows >> text=large.bin").waitFor({ state: "detached" });
      assert.doesNotMatch(page.url(), new RegExp(options.secretAccessKey!));
    } finally {
      store.close();
    }
  } finally {
    await server[Symbol.asyncDispose]();
  }
}, { firefox: true });
