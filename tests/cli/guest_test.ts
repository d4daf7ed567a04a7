/** `storeport run` and `storeport inspect`. */
import assert from "node:assert/strict";
import { startOrigin } from "../guests/origin.ts";
import { run, spawn } from "./cli_support.ts";
import "../wasi/generator.ts";

const guest = (path: string) => new URL(`../guests/${path}`, import.meta.url).pathname;
const hello = guest("hello/hello.wasm");
const checks = guest("checks/checks.wasm");

Deno.test("run: arguments, environment, input and output are the guest's", async () => {
  const args = await run(["run", hello, "--", "args", "--net", "x y"]);
  assert.deepEqual([args.code, args.out], [0, '"hello.wasm"\n"args"\n"--net"\n"x y"\n']);
  const env = await run(["run", "--env", "A=1=2", "--env", "LANG", hello, "--", "env"], {
    environment: { LANG: "C", SECRET: "x" },
  });
  assert.equal(env.out, "A=1=2\nLANG=C\n");
  const cat = await run(["run", hello, "--", "cat"], { input: "some input" });
  assert.equal(cat.out, "some input");
});

Deno.test("run: exit codes", async () => {
  assert.equal((await run(["run", checks, "--", "exit_with_code", "42"])).code, 42);
  assert.equal((await run(["run", checks, "--", "run_err"])).code, 1);
  const trap = await run(["run", hello, "--", "panic", "in public"]);
  assert.equal(trap.code, 1);
  assert.equal(trap.err.match(/in public/g)?.length, 1, trap.err);
  assert.match(trap.err, /^storeport: The guest trapped: unreachable$/m);
  for (
    const bad of [["--timeout", "soon"], ["--max-memory", "lots"], ["--dir", "a::b::c"], ["--env", "=x"], [
      "--nett",
      "x",
    ]]
  ) {
    assert.equal((await run(["run", ...bad, hello])).code, 2, bad.join(" "));
  }
});

Deno.test("run: --net allows a host; a refusal is told once", async () => {
  const origin = await startOrigin();
  try {
    const url = `http://${origin.address}/bytes/9`;
    const good = await run(["run", "--net", origin.address, checks, "--", "http_small", url, "2"]);
    assert.equal(good.code, 0, good.err);
    for (const connector of ["node", "fetch"]) {
      const over = await run([
        "run",
        "--net",
        origin.address,
        "--connector",
        connector,
        checks,
        "--",
        "http_small",
        url,
        "1",
      ]);
      assert.equal(over.code, 0, over.err);
    }
    const bad = await run(["run", "--net", "example.com", checks, "--", "http_fetch", url, url]);
    assert.equal(bad.err.match(/refused: .*not allowed; add/g)?.length, 1, bad.err);
    const quiet = await run(["run", "--quiet", checks, "--", "http_error", url]);
    assert.ok(!quiet.err.includes("refused"));
  } finally {
    await origin.close();
  }
});

Deno.test("run: --dir, read-only and not", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/f.txt`, "content");
    const read = await run(["run", "--dir", `${directory}::/d::ro`, hello, "--", "cat-file", "/d/f.txt"]);
    assert.equal(read.out, "content");
    const refused = await run([
      "run",
      "--dir",
      `${directory}::/d::ro`,
      hello,
      "--",
      "write-file",
      "/d/g",
      "x",
    ]);
    assert.notEqual(refused.code, 0);
    const write = await run(["run", "--dir", `${directory}::/d`, hello, "--", "write-file", "/d/g", "x"]);
    assert.equal(write.code, 0, write.err);
    assert.equal(await Deno.readTextFile(`${directory}/g`), "x");
    assert.notEqual((await run(["run", "--dir", `${directory}/none`, hello])).code, 0);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("run: limits, and an interrupt", async () => {
  const slow = await run(["run", "--timeout", "80ms", hello, "--", "sleep-forever"]);
  assert.deepEqual([slow.code, slow.err], [1, "storeport: The guest ran into its time limit of 80 ms\n"]);
  const large = await run(["run", "--max-memory", "8M", hello, "--", "memory", "64"]);
  assert.match(large.err, /memory would have grown past the limit of 8388608 bytes/);
  const interrupted = await run(["run", hello, "--", "sleep-forever"], {
    interrupt: new Promise((resolve) => setTimeout(resolve, 80)),
  });
  assert.equal(interrupted.code, 130);
});

Deno.test("run: --timeout ends a guest that computes, and an interrupt does", async () => {
  const loop = guest("wat/loop.wasm");
  const late = await run(["run", "--timeout", "200ms", loop]);
  assert.deepEqual([late.code, late.err], [1, "storeport: The guest ran into its time limit of 200 ms\n"]);
  const child = spawn(["run", loop]);
  await computing(child.pid);
  child.kill("SIGINT");
  assert.equal((await child.output()).code, 130);
});

/** Waits until a process has computed for longer than it takes to start. */
async function computing(pid: number): Promise<void> {
  for (let ticks = 0; ticks < 120;) {
    await new Promise((next) => setTimeout(next, 20));
    // "pid (name) state …": the time in user mode is the twelfth field after the name.
    ticks = Number((await Deno.readTextFile(`/proc/${pid}/stat`)).split(") ")[1]!.split(" ")[11]);
  }
}

Deno.test("run, serve: a component of the other kind is told apart", async () => {
  assert.match((await run(["serve", hello])).err, /hint: it is a command: use "storeport run"/);
  assert.match((await run(["run", guest("serve-hello/serve-hello.wasm")])).err, /use "storeport serve"/);
});

Deno.test("run: sockets and name lookup only where they are given", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
  try {
    const refused = await run(["run", checks, "--", "tcp_connect", address]);
    assert.match(refused.out, /access-denied/);
    const given = await run(["run", "--sockets", address, checks, "--", "tcp_connect", address]);
    assert.match(given.out, /connected/);
    assert.equal((await run(["run", "--lookup", checks, "--", "resolve_invalid"])).code, 0);
    assert.equal((await run(["run", checks, "--", "no_ip_name_lookup"])).code, 0);
  } finally {
    listener.close();
  }
});

Deno.test("run: what cannot be loaded", async () => {
  assert.match((await run(["run", "no/such.wasm"])).err, /there is no such file/);
  assert.match((await run(["run", guest("hello/hello-preview1.wasm")])).err, /preview1/);
  assert.match((await run(["run", guest("wat/unknown-import.wasm")])).err, /"acme:widgets\/maker@1.2.0"/);
});

Deno.test("inspect: imports, exports, capabilities", async () => {
  const text = await run(["inspect", checks]);
  assert.match(text.out, /^checks.wasm: a command/);
  assert.match(text.out, /--net HOST/);
  const { out } = await run(["inspect", "--json", guest("wat/unknown-import.wasm")]);
  const report = JSON.parse(out);
  const suggested = JSON.parse((await run(["inspect", "--json", checks])).out).suggestedFlags;
  assert.ok(suggested.includes("--net HOST") && suggested.includes("--sockets HOST:PORT"), suggested.join());
  assert.deepEqual(report.imports, [{ interface: "acme:widgets/maker", version: "1.2.0", provided: false }]);
  assert.equal(report.exports[0].name, "wasi:cli/run");
  assert.equal(report.interruptible, true);
  assert.doesNotMatch(text.out, /cannot be interrupted/);
});
