/** `storeport serve` and guests in workers, as processes of their own: signals, drains, permissions. */
import assert from "node:assert/strict";
import { spawn } from "./cli_support.ts";
import { guest, SERVE } from "./serve_support.ts";

/** Starts it, and resolves to where it listens. */
async function start(args: readonly string[], options: Deno.CommandOptions = {}) {
  const child = spawn(["serve", "--addr", "127.0.0.1:0", "--json", ...args], options);
  const lines = child.stdout.pipeThrough(new TextDecoderStream());
  const reader = lines.getReader();
  let out = "";
  while (!out.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`It ended: ${await new Response(child.stderr).text()}`);
    out += value;
  }
  const rest = (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return out;
      out += value;
    }
  })();
  return {
    child,
    url: JSON.parse(out.split("\n")[0]!).url as string,
    out: () => out,
    /** Its code, its records, its words. */
    async ended() {
      const [{ code }, err] = await Promise.all([child.status, new Response(child.stderr).text()]);
      const records = (await rest).trim().split("\n").map((line) => JSON.parse(line));
      return { code, records, err };
    },
  };
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`serve: ${signal} lets a request under way end, and takes no other`, async () => {
    const { child, url, ended } = await start([SERVE]);
    await (await fetch(`${url}/hello`)).text();
    const response = await fetch(`${url}/sse?n=20&ms=50`);
    const answer = response.text();
    child.kill(signal);
    // The port is given up at once, while the answer goes on.
    for (let left = 100;; left--) {
      const refused = await fetch(`${url}/hello`).then(async (
        late,
      ) => (await late.text(), late.status === 503))
        .catch(() => true);
      if (refused) break;
      assert.ok(left > 0, "it still takes requests");
    }
    assert.equal((await answer).match(/^data: event/gm)?.length, 20);
    const { code, records } = await ended();
    assert.equal(code, 0);
    assert.ok(records.some(({ path, complete }) => path === "/sse" && complete === true));
  });
}

Deno.test("serve: a second signal cuts off what takes too long", async () => {
  const { child, url, ended } = await start(["--grace", "60s", SERVE]);
  const response = await fetch(`${url}/sse?ms=20`);
  const answer = response.text().then(() => "whole", () => "cut off");
  child.kill("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, 300));
  child.kill("SIGINT");
  assert.equal(await answer, "cut off");
  const { code, records } = await ended();
  assert.equal(code, 0);
  assert.ok(records.some(({ path, complete }) => path === "/sse" && complete === false));
});

Deno.test("run: --isolation worker ends a guest that never lets go, with 1", async () => {
  const child = spawn(["run", "--isolation", "worker", "--timeout", "300ms", guest("wat/loop.wasm")]);
  const [{ code }, err] = await Promise.all([
    child.status,
    new Response(child.stderr).text(),
    child.stdout.cancel(),
  ]);
  assert.deepEqual([code, err], [1, "storeport: The guest ran into its time limit of 300 ms\n"]);
});

Deno.test("run: in a worker it has its arguments, input, output and exit code; a signal ends it", async () => {
  const hello = guest("hello/hello.wasm");
  const child = spawn(["run", "--isolation", "worker", "--env", "A=b", hello, "--", "cat"], {
    stdin: "piped",
  });
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("some input"));
  await writer.close();
  const { code, stdout } = await child.output();
  assert.deepEqual([code, new TextDecoder().decode(stdout)], [0, "some input"]);
  const checks = guest("checks/checks.wasm");
  const exit = await spawn(["run", "--isolation", "worker", checks, "--", "exit_with_code", "42"]).output();
  assert.equal(exit.code, 42);
  const looping = spawn(["run", "--isolation", "worker", checks, "--", "spin_cpu"]);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  looping.kill("SIGTERM");
  assert.equal((await looping.output()).code, 130);
});
