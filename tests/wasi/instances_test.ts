/** Instances are independent: many, one after another and at once. */
import assert from "node:assert/strict";
import { checks, load, withEnv } from "./cases/case.ts";
import "./generator.ts";

Deno.test("instances: a thousand one after another do not pile up", async () => {
  const guest = await load("hello/hello.wasm");
  const collect = (globalThis as { gc?: () => void }).gc;
  let early = 0;
  for (let i = 0; i < 1000; i++) {
    const { exitCode, stdout } = await guest.run({ args: ["args", String(i)], stdout: "pipe" });
    assert.equal(exitCode, 0);
    assert.match(new TextDecoder().decode(stdout), new RegExp(`"${i}"`));
    if (i === 300) {
      collect?.();
      early = Deno.memoryUsage().heapUsed;
    }
  }
  collect?.();
  const grown = Deno.memoryUsage().heapUsed - early;
  // Without `--expose-gc` there is garbage in it: a leak of an instance's code and memory would be far more.
  assert.ok(grown < 64 << 20, `${grown} bytes more than after 300`);
});

Deno.test("instances: a hundred at once keep their state, output and identity apart", () =>
  withEnv(async (env) => {
    const guest = await checks();
    const runs = Array.from({ length: 100 }, async (_, i) => {
      const path = `/slow?ms=${20 + i % 7}&id=${i}`;
      const { exitCode, stdout } = await guest.run({
        args: ["http_fetch", `${env.url}${path}`, `${env.url}/status/${200 + i % 5}`],
        env: { ID: String(i) },
        net: [env.url],
        stdout: "pipe",
        limits: { timeout: 60_000 },
      });
      assert.equal(exitCode, 0);
      const text = new TextDecoder().decode(stdout);
      assert.ok(text.includes(`id=${i} `), text);
      assert.ok(text.includes(`status ${200 + i % 5}`), text);
    });
    await Promise.all(runs);
    const ids = env.origin.seen.flatMap(({ target }) => /id=(\d+)/.exec(target)?.[1] ?? []);
    assert.deepEqual(ids.map(Number).toSorted((a, b) => a - b), Array.from({ length: 100 }, (_, i) => i));
  }));

Deno.test("instances: one that traps or is aborted leaves the others alone", () =>
  withEnv(async (env) => {
    const others = Array.from({ length: 10 }, () => env.ok(["http_small", `${env.url}/slow?ms=30`, "3"]));
    await env.trap(["trap_panic"], /unreachable/);
    await env.trap(["sleep_forever"], /time limit/, { limits: { timeout: 30 } });
    await Promise.all(others);
  }));
