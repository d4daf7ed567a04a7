/** `guest.run` in a worker: what it is given, what ends it. */
import "../generator.ts";
import assert from "node:assert/strict";
import { GuestLimitError, GuestTrapError } from "../../../src/wasi/mod.ts";
import { guestAt } from "./env.ts";

const isolation = "worker";

Deno.test("run in a worker: arguments, environment, input, output and exit code", async () => {
  const hello = await guestAt("hello/hello.wasm");
  const args = await hello.run({ isolation, args: ["args", "", "x y"], stdout: "pipe" });
  assert.equal(new TextDecoder().decode(args.stdout), '"hello.wasm"\n"args"\n""\n"x y"\n');
  const cat = await hello.run({ isolation, args: ["cat"], stdin: "some input", stdout: "pipe" });
  assert.equal(new TextDecoder().decode(cat.stdout), "some input");
  const checks = await guestAt("checks/checks.wasm");
  assert.equal((await checks.run({ isolation, args: ["exit_with_code", "42"] })).exitCode, 42);
  const trap = hello.run({ isolation, args: ["panic", "in public"], stderr: "pipe" });
  await assert.rejects(trap, (error) => error instanceof GuestTrapError && /in public/.test(error.message));
});

Deno.test("run in a worker: a guest that never lets go is ended by its time, and by the caller", async () => {
  const loop = await guestAt("wat/loop.wasm");
  const late = loop.run({ isolation, limits: { timeout: 300 } });
  await assert.rejects(late, (error) => error instanceof GuestLimitError && error.limit === "timeout");
  const controller = new AbortController();
  const aborted = loop.run({ isolation, signal: controller.signal });
  setTimeout(() => controller.abort(), 300);
  await assert.rejects(aborted, (error) => error instanceof GuestLimitError && error.limit === "aborted");
});

Deno.test("run in a worker: its memory is held to the limit", async () => {
  const grow = await guestAt("wat/grow.wasm");
  for (const [memory, exitCode] of [[32 << 20, 0], [33 << 20, 1]] as const) {
    assert.equal((await grow.run({ isolation, limits: { memory } })).exitCode, exitCode, `${memory}`);
  }
  const less = grow.run({ isolation, limits: { memory: 65_535 }, stdout: new WritableStream() });
  await assert.rejects(less, (error) => error instanceof GuestLimitError && error.limit === "memory");
});
