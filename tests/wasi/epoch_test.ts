/** The end of an epoch, seen by whoever called the guest. */
import "./generator.ts";
import assert from "node:assert/strict";
import { outline } from "../../src/wasi/component.ts";
import { endEpoch, newEpoch } from "../../src/wasi/epoch.ts";
import { GuestLimitError } from "../../src/wasi/mod.ts";
import { guestCode } from "../../src/wasi/module.ts";
import { runCommand, starter } from "../../src/wasi/running.ts";

async function run(timeout: number): Promise<unknown> {
  const bytes = await Deno.readFile(new URL("../guests/wat/loop.wasm", import.meta.url));
  const plain = await guestCode(bytes, outline(bytes), "loop", () => Promise.resolve(undefined));
  const code = await plain.interruptible();
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
