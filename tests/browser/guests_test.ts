/**
 * Components run in the page: output as it comes, exit codes, the allow-list, stopping, and what is said without JSPI.
 */
import { strict as assert } from "node:assert";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Page } from "playwright-core";
import { browserTest, guestFile } from "./browser.ts";

async function load(page: Page, guest: string): Promise<void> {
  await page.setInputFiles("#guest-file", guestFile(guest));
  await ready(page, guest);
}

async function ready(page: Page, guest: string): Promise<void> {
  // Of this guest: until its file is read, the card shows the one before it.
  await page.locator("#guest-card").filter({ hasText: basename(guest) }).filter({ hasText: "a command" })
    .waitFor();
  await page.locator("#run-start:not([disabled])").waitFor();
}

async function run(page: Page, args: string): Promise<{ state: string; output: string }> {
  await page.fill("#guest-args", args);
  await page.click("#run-start");
  await page.locator("#run-start").waitFor();
  return {
    state: await page.locator("#run-state").innerText(),
    output: await page.locator("#console").evaluate((console) => console.textContent ?? ""),
  };
}

browserTest("runs a component with arguments, environment and input", async ({ page }) => {
  await load(page, "hello/hello.wasm");
  assert.deepEqual(await run(page, ""), { state: "Exit code 0", output: "Hello, WASI!\n" });
  assert.deepEqual(
    await run(page, String.raw`args 'two words' "a \"quote\"" back\ slash ''`),
    {
      state: "Exit code 0",
      output: '"hello.wasm"\n"args"\n"two words"\n"a \\"quote\\""\n"back slash"\n""\n',
    },
  );
  await page.fill("#guest-env", "PLACE=harbour\n\nEQUATION=a=b");
  assert.equal(
    (await run(page, "env PLACE EQUATION HOME")).output,
    "PLACE=harbour\nEQUATION=a=b\nHOME is not set\n",
  );
  await page.click("summary");
  await page.fill("#guest-stdin", "from the page");
  assert.equal((await run(page, "cat")).output, "from the page13 bytes\n");
  assert.equal(await page.locator("#console .stderr").textContent(), "13 bytes\n");
  assert.equal((await run(page, "fail")).state, "Exit code 1");
  const panic = await run(page, "panic 'on purpose'");
  assert.equal(panic.state, "Trapped");
  assert.match(panic.output, /GuestTrapError: .*on purpose/s);
  await page.fill("#guest-args", "'open");
  await page.click("#run-start");
  assert.equal(await page.locator("#run-problem").innerText(), "A ' is not closed");
}, { at: "#run", firefox: true });

browserTest("leaves the focus with whoever writes arguments while a guest is loaded", async ({ page }) => {
  await load(page, "hello/hello.wasm");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "run-start");
  await page.setInputFiles("#guest-file", guestFile("checks/checks.wasm"));
  await page.focus("#guest-args");
  await ready(page, "checks/checks.wasm");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "guest-args");
}, { at: "#run" });

browserTest("streams output while the guest runs, and stops it", async ({ page }) => {
  await load(page, "hello/hello.wasm");
  await page.fill("#guest-args", "prompt");
  // More than is ever shown at once, and than may wait: the guest is held back, not the page.
  const out = await run(page, "out 3000000 65536");
  assert.equal(out.state, "Exit code 0");
  assert.ok(out.output.length > 250_000 && out.output.length <= 300_000, String(out.output.length));

  await page.fill("#guest-args", "sleep-forever");
  await page.click("#run-start");
  await page.locator("#run-state").filter({ hasText: "Running" }).waitFor();
  assert.equal(await page.locator("#run-start").isVisible(), false);
  await page.click("#run-stop");
  await page.locator("#run-state").filter({ hasText: "Ended" }).waitFor();
  assert.match((await page.locator("#console").textContent())!, /^GuestLimitError: /);

  await page.click("summary");
  await page.fill("#guest-timeout", "0.3");
  const late = await run(page, "sleep-forever");
  assert.equal(late.state, "Ended");
  assert.match(late.output, /time limit of 300 ms/);
  await page.fill("#guest-timeout", "");
  await page.fill("#guest-memory", "8");
  assert.match((await run(page, "memory 100")).output, /GuestLimitError.*limit of 8388608 bytes/s);
}, { at: "#run" });

browserTest("ends a guest that never lets go of the thread, and stays usable", async ({ page }) => {
  await load(page, "checks/checks.wasm");
  await page.fill("#guest-args", "spin_cpu 3600000");
  await page.click("#run-start");
  await page.locator("#run-state").filter({ hasText: "Running" }).waitFor();
  // The page itself is not held up.
  await page.click("#view-objects");
  await page.locator("#empty-text").filter({ hasText: "Nothing here yet" }).waitFor();
  await page.click("#view-run");
  await page.click("#run-stop");
  await page.locator("#console").filter({ hasText: "did not let go of the thread, and was ended" }).waitFor();
  await load(page, "hello/hello.wasm");
  assert.deepEqual(await run(page, ""), { state: "Exit code 0", output: "Hello, WASI!\n" });
}, { at: "#run", firefox: true });

browserTest(
  "lets a guest talk to whom the list names, and shows whom it refused",
  async ({ page, server }) => {
    await load(page, "http/http.wasm");
    assert.match(await page.locator("#guest-imports").innerText(), /wasi:http/);
    const url = `${server.url}/dir/object.txt`;
    const refused = await run(page, `get ${url}`);
    assert.equal(refused.state, "Exit code 1");
    assert.match(refused.output, /HttpRequestDenied/);
    const row = page.locator("tr.refused");
    assert.match(await row.innerText(), new RegExp(`${url.replaceAll(".", "\\.")}[^]*is not allowed`));

    await page.fill("#allow-input", "not a host!");
    await page.click("#allow-add");
    assert.notEqual(await page.locator("#allow-hint").innerText(), "");
    await page.fill("#allow-input", "");
    await row.locator("button").click();
    assert.match(await page.locator("#allow-list").innerText(), new RegExp(server.url));
    const allowed = await run(page, `get ${url}`);
    assert.equal(allowed.state, "Exit code 0");
    assert.match(allowed.output, /^status 200\n[^]*\nbody from the gateway\n/);
    assert.match(await page.locator("#requests-body").innerText(), /200\s+GET http:.*object\.txt\s+16 B/);
    assert.equal(await page.locator("#requests-summary").innerText(), "1 sent, 0 refused");

    const other = await run(page, "get https://example.com/");
    assert.match(other.output, /HttpRequestDenied/);
    assert.match(await row.innerText(), /https:\/\/example\.com\/[^]*Allow https:\/\/example\.com/);

    await page.click("#allow-list button");
    assert.match((await run(page, `get ${url}`)).output, /HttpRequestDenied/);
  },
  {
    at: "#run",
    firefox: true,
    prepare: async (store) => void await store.put("dir/object.txt", "from the gateway"),
  },
);

browserTest("runs a component that is dropped, and one that is an object", async ({ page }) => {
  await page.click("#rows >> text=hello.wasm");
  await page.click(".preview-actions >> text=Run");
  await page.locator("#run-start:not([disabled])").waitFor();
  assert.equal((await run(page, "")).output, "Hello, WASI!\n");

  await page.click("#view-objects");
  const bytes = [...await readFile(guestFile("hello/hello.wasm"))];
  const transfer = await page.evaluateHandle((bytes) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(bytes)], "dropped.wasm"));
    return transfer;
  }, bytes);
  await page.dispatchEvent("body", "dragover", { dataTransfer: transfer });
  await page.dispatchEvent("#drop-run", "drop", { dataTransfer: transfer });
  await page.locator("#guest-card").filter({ hasText: "dropped.wasm" }).waitFor();
  await page.locator("#run-start:not([disabled])").waitFor();
  assert.equal((await run(page, "args")).output, '"dropped.wasm"\n"args"\n');
}, {
  prepare: async (store) => void await store.put("hello.wasm", await readFile(guestFile("hello/hello.wasm"))),
});

browserTest("says what a file is that cannot be run", async ({ page }) => {
  await page.setInputFiles("#guest-file", guestFile("hello/hello-preview1.wasm"));
  await page.locator("#console").filter({ hasText: /preview1|GuestLoadError/ }).or(
    page.locator("#run-start:not([disabled])"),
  ).first().waitFor();
  await page.setInputFiles("#guest-file", guestFile("hello/Cargo.toml"));
  await page.locator("#console").filter({
    hasText: 'GuestLoadError: Cannot load "Cargo.toml": it is not WebAssembly',
  })
    .waitFor();
  assert.equal(await page.locator("#run-start").isDisabled(), true);
  assert.equal(await page.locator("#run-state").innerText(), "Not loaded");
}, { at: "#run" });

browserTest("refuses by name where the browser has no JSPI", async ({ page }) => {
  assert.match(await page.locator("#no-jspi").innerText(), /This browser cannot host guests/);
  await page.setInputFiles("#guest-file", guestFile("hello/hello.wasm"));
  await page.locator("#console").filter({ hasText: /NotSupportedError: Cannot host guests: .*JSPI/ })
    .waitFor();
  assert.equal(await page.locator("#run-start").isDisabled(), true);
}, {
  at: "#run",
  // No flag of Chromium takes it away any more, so a script does, in the page and in its worker.
  prelude: "delete WebAssembly.Suspending; delete WebAssembly.promising;\n",
});
