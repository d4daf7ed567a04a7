/** `storeport gateway --ui`, as a process and in this one. */
import { strict as assert } from "node:assert";
import { LocalStore } from "../../src/stores/local/mod.ts";
import { cliTest, run, spawn } from "./cli_support.ts";

Deno.test("cli: gateway --ui builds the page and serves it", async () => {
  const child = spawn(["gateway", "memory:///", "--addr", "127.0.0.1:0", "--ui", "--json"]);
  let line = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    line += text;
    if (line.includes("\n")) break;
  }
  try {
    const { url, ui } = JSON.parse(line) as { url: string; ui: string };
    assert.equal(ui, `${url}/_ui/`);
    const page = await fetch(ui);
    assert.equal(page.status, 200);
    const html = await page.text();
    for (const [, name = ""] of html.matchAll(/(?:src|href)="([a-z_]+\.(?:js|css|svg))"/g)) {
      const file = await fetch(new URL(name, ui));
      assert.ok(file.status === 200 && (await file.bytes()).length > 100, name);
    }
    for (const name of ["guest_worker.js", "js-component-bindgen-component.core.wasm"]) {
      const file = await fetch(new URL(name, ui));
      assert.equal(file.status, 200, name);
      await file.body?.cancel();
    }
  } finally {
    child.kill("SIGINT");
    assert.equal((await child.status).code, 0);
    await child.stderr.cancel();
  }
});

cliTest("gateway --ui refuses to hide what is stored under its name", async ({ cwd }) => {
  const store = new LocalStore(cwd);
  for (const [made, path] of [["_ui/inner/x", "_ui/inner/x"], ["_ui", "_ui"]] as const) {
    await store.put(made, "x");
    const { code, err } = await run(["gateway", ".", "--ui", "--addr", "127.0.0.1:0"], { cwd });
    assert.equal(code, 2);
    assert.match(err, /would hide what is stored at "_ui"/);
    await store.delete(path);
    await Deno.remove(`${cwd}/_ui`, { recursive: true }).catch(() => {});
  }
});
