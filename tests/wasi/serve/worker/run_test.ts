/** `guest.run` in a worker: what it is given, what ends it. */
import "../../generator.ts";
import assert from "node:assert/strict";
import { GuestLimitError, GuestTrapError } from "../../../../src/wasi/mod.ts";
import type { Guest, GuestOptions } from "../../../../src/wasi/mod.ts";
import { guestAt } from "../env.ts";

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

Deno.test("run in a worker: what fails is the error that it is on this thread", async () => {
  const unknown = await guestAt("wat/unknown-wasi.wasm");
  const hello = await guestAt("hello/hello.wasm");
  const failing: readonly (readonly [Guest, GuestOptions])[] = [
    [unknown, {}],
    [hello, { args: ["panic", "in public"] }],
    [hello, { preopens: [{ host: "/no/such directory", guest: "/" }] }],
    [hello, { net: ["no such entry"] }],
    [hello, { limits: { memory: 65_535 } }],
  ];
  const errorOf = (running: Promise<unknown>) =>
    running.then(() => assert.fail("it did not fail"), (error: Error & Record<string, unknown>) => error);
  for (const [guest, options] of failing) {
    const here = await errorOf(guest.run(options));
    const there = await errorOf(guest.run({ ...options, isolation }));
    assert.equal(there.constructor, here.constructor, `${here}`);
    for (const name of ["name", "message", "code", "missing", "limit", "reason", "guestStderr"]) {
      assert.deepEqual(there[name], here[name], name);
    }
    const [cause, other] = [here, there].map((error) => error.cause as Error | undefined);
    assert.deepEqual([other?.name, other?.message], [cause?.name, cause?.message]);
  }
});

for (const isolation of ["inline", "worker"] as const) {
  Deno.test(`run, ${isolation}: streams are let go of where one of them is in use, or nothing can start`, async () => {
    const hello = await guestAt("hello/hello.wasm");
    const streams = () => ({
      stdin: new ReadableStream(),
      stdout: new WritableStream(),
      stderr: new WritableStream(),
    });
    for (const name of ["stdin", "stdout", "stderr"] as const) {
      const given = streams();
      const stream: ReadableStream | WritableStream = given[name];
      if (stream instanceof ReadableStream) stream.getReader();
      else stream.getWriter();
      await assert.rejects(hello.run({ isolation, ...given }), { name: "TypeError", message: /locked/ });
      for (const [other, { locked }] of Object.entries(given)) {
        assert.equal(locked, other === name, `${name} ${other}`);
      }
    }
    const given = streams();
    await assert.rejects(hello.run({ isolation, ...given, sockets: { allow: ["no such entry"] } }));
    for (const [name, { locked }] of Object.entries(given)) assert.equal(locked, false, name);
  });
}

Deno.test("run in a worker: streams are let go of where no worker can be started", async () => {
  const hello = await guestAt("hello/hello.wasm");
  const { Worker } = globalThis;
  globalThis.Worker = class {
    constructor() {
      throw new Error("no workers today");
    }
  } as never;
  try {
    const stdin = new ReadableStream(), stdout = new WritableStream();
    await assert.rejects(hello.run({ isolation, stdin, stdout }), /no workers today/);
    assert.deepEqual([stdin.locked, stdout.locked], [false, false]);
  } finally {
    globalThis.Worker = Worker;
  }
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

Deno.test("run in a worker: the worker's own start is not the guest's time", async () => {
  const hello = await guestAt("hello/hello.wasm");
  const { Worker } = globalThis;
  globalThis.Worker = class extends Worker {
    override postMessage(...message: [never]): void {
      setTimeout(() => super.postMessage(...message), 700);
    }
  };
  try {
    const running = hello.run({ isolation, args: ["args"], limits: { timeout: 500 } });
    assert.equal((await running).exitCode, 0);
  } finally {
    globalThis.Worker = Worker;
  }
});

Deno.test("run in a worker: its memory is held to the limit", async () => {
  const grow = await guestAt("wat/grow.wasm");
  for (const [memory, exitCode] of [[32 << 20, 0], [33 << 20, 1]] as const) {
    assert.equal((await grow.run({ isolation, limits: { memory } })).exitCode, exitCode, `${memory}`);
  }
  const less = grow.run({ isolation, limits: { memory: 65_535 }, stdout: new WritableStream() });
  await assert.rejects(less, (error) => error instanceof GuestLimitError && error.limit === "memory");
});

Deno.test("run in a worker: a slow reader of its output holds it up, and loses nothing", async () => {
  const hello = await guestAt("hello/hello.wasm");
  const expected = (await hello.run({ args: ["out", "1000000", "5000"], stdout: "pipe" })).stdout;
  const chunks: Uint8Array[] = [];
  let open = () => {};
  const gate = new Promise<void>((resolve) => open = resolve);
  const stdout = new WritableStream<Uint8Array>({
    async write(chunk) {
      if (chunks.length === 0) await gate;
      chunks.push(chunk);
    },
  });
  const running = hello.run({ isolation, args: ["out", "1000000", "5000"], stdout });
  // While nobody reads it cannot end: it has more to say than is kept for it.
  const early = await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 300, "waits"))]);
  assert.equal(early, "waits");
  open();
  assert.equal((await running).exitCode, 0);
  assert.deepEqual(new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer()), expected);
});
