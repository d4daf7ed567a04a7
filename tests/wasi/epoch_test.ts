/** The end of an epoch, seen by whoever called the guest. */
import "./generator.ts";
import assert from "node:assert/strict";
import { outline } from "../../src/wasi/component.ts";
import { endEpoch, newEpoch } from "../../src/wasi/epoch.ts";
import { GuestLimitError } from "../../src/wasi/mod.ts";
import { type GuestCode, guestCode } from "../../src/wasi/module.ts";
import { runCommand, starter } from "../../src/wasi/running.ts";

async function codeAt(path: string): Promise<GuestCode> {
  const bytes = await Deno.readFile(new URL(`../guests/${path}.wasm`, import.meta.url));
  return await guestCode(bytes, outline(bytes), path, () => Promise.resolve(undefined));
}

async function run(timeout: number): Promise<unknown> {
  const code = await (await codeAt("wat/loop")).interruptible();
  const epoch = newEpoch();
  const running = await (await starter("loop", code, { limits: { timeout } }, epoch))();
  endEpoch(epoch);
  try {
    return await runCommand(running);
  } finally {
    running.close();
  }
}

Deno.test("epoch: its end is no fault of the guest's: it was aborted, or its time was over", async () => {
  await assert.rejects(
    run(Infinity),
    (error) => error instanceof GuestLimitError && error.limit === "aborted",
  );
  await assert.rejects(
    run(0.001),
    (error) => error instanceof GuestLimitError && error.limit === "timeout",
  );
});

Deno.test("epoch: all instructions of the guests are known, and they compile with its checks", async () => {
  const built = ["js-fetch", "js-handler", "js-hono", "js-serve", "js-storeport", "python"];
  const paths = ["checks/checks", "hello/hello", "http/http", "object-store/object-store", "serve/serve"];
  for (const path of [...paths, ...built.map((name) => `build/${name}`)]) {
    let code: GuestCode;
    try {
      code = await codeAt(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      console.log(`SKIPPED: guest ${path} not installed (deno task guests --on-demand)`);
      continue;
    }
    assert.equal(code.parts.interruptible, true, path);
    const names = [...(await code.interruptible()).parts.modules.values()].flatMap((module) =>
      WebAssembly.Module.imports(module).map(({ name }) => name)
    );
    assert.ok(names.includes("epoch"), path);
  }
});
