/** `storeport serve`: what it is told on the command line, its log, its limits. */
import assert from "node:assert/strict";
import { startOrigin } from "../guests/origin.ts";
import { cliTest, run } from "./cli_support.ts";
import { guest, SERVE, serving, status, text, until } from "./serve_support.ts";

Deno.test("serve: what is granted, and headers that take the place of the client's", async () => {
  const origin = await startOrigin();
  const directory = await Deno.makeTempDir();
  await Deno.writeTextFile(`${directory}/headers`, "x-file: one\n\nx-file: two\n");
  try {
    const args = ["--net", origin.address, "--env", "FOO=bar", "-H", "x-given: from here", "-H", "@headers"];
    await serving([...args, SERVE], async ({ url }) => {
      for (const [name, value] of [["FOO", "bar"], ["PATH", null]] as const) {
        const answer = await fetch(`${url}/env`, { headers: { env: name } });
        await answer.text();
        assert.equal(answer.headers.get(name), value);
      }
      const seen = await text(`${url}/request`, { headers: { "x-given": "from the client" } });
      const hex = (value: string) => Buffer.from(value).toString("hex");
      assert.ok(seen.includes(`field x-given ${hex("from here")}\n`), seen);
      assert.ok(!seen.includes(hex("from the client")), seen);
      assert.match(seen, new RegExp(`field x-file ${hex("one")}\n(.*\n)*field x-file ${hex("two")}\n`));
      const granted = await text(`${url}/fetch?n=1`, {
        headers: { url: `http://${origin.address}/bytes/3` },
      });
      assert.match(granted, /status 200/);
      const refused = await text(`${url}/fetch?n=1`, { headers: { url: "http://forbidden.example/" } });
      assert.match(refused, /HttpRequestDenied/);
    }, { cwd: directory });
  } finally {
    await Deno.remove(directory, { recursive: true });
    await origin.close();
  }
});

Deno.test("serve: settings and buckets", async () => {
  const args = [
    "--config",
    "hello=world=wide",
    "--keyvalue-data",
    "hello=you",
    "--keyvalue",
    "n=memory:///p",
  ];
  await serving([...args, guest("settings/settings.wasm")], async ({ url }) => {
    assert.equal(await text(`${url}/config?hello`), 'Ok(Some("world=wide"))');
    assert.equal(await text(`${url}/value?`), "you");
    assert.deepEqual([await text(`${url}/count?n`), await text(`${url}/count?n`)], ["Ok(1)", "Ok(2)"]);
  });
});

Deno.test("serve: the log as text: requests without their queries, failures, output, refused hosts", async () => {
  const { code, out, err } = await serving([SERVE], async ({ url, err }) => {
    await text(`${url}/hello?token=secret`);
    const failed = await text(`${url}/secret`);
    const id = /request (\S+)/.exec(failed)?.[1];
    await text(`${url}/print`);
    await text(`${url}/fetch?n=1`, { headers: { url: "http://forbidden.example/" } });
    await until(() => err().includes(`request ${id} failed: `) && /GET \/fetch 200/.test(err()), err);
  });
  assert.equal(code, 0);
  assert.match(err, /^Serving HTTP on http:\/\/127\.0\.0\.1:\d+\/$/m);
  assert.match(err, /^\d{4}-\S+Z 127\.0\.0\.1 GET \/hello 200 12 B \d+\.\d ms \S+-1$/m);
  assert.match(err, /GET \/secret 500 \d+ B/);
  assert.ok(!err.includes("token"), err);
  assert.match(err, /^stderr \[\d+\] :: after empty$/m);
  assert.match(out, /^stdout \[\d+\] :: after empty$/m);
  assert.match(err, /refused: .*forbidden\.example/);
  const quiet = await serving(["--no-logging-prefix", SERVE], ({ url }) => text(`${url}/print`));
  assert.match(quiet.out, /^after empty$/m);
});

Deno.test("serve: the log as JSON, one record a line", async () => {
  const { out } = await serving(["--json", SERVE], async ({ url, out }) => {
    await text(`${url}/hello?token=secret`, { method: "POST", body: "12345" });
    await text(`${url}/print`);
    await text(`${url}/trap-before-set`);
    await until(() => out().split("\n").length >= 6, out);
  });
  const records = out.trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(records[0].event, "listening");
  const requests = records.filter(({ event }) => event === "request");
  assert.deepEqual(requests.map(({ method, path, status }) => [method, path, status]), [
    ["POST", "/hello", 200],
    ["GET", "/print", 200],
    ["GET", "/trap-before-set", 500],
  ]);
  assert.deepEqual(
    [requests[0].bytesSent, requests[0].complete, requests[0].remote],
    [12, true, "127.0.0.1"],
  );
  const failure = records.find(({ event }) => event === "failure");
  assert.deepEqual([failure.kind, failure.id], ["trap", requests[2].id]);
});

Deno.test("serve: --max-concurrent and --max-queue: 503, and when to come again", async () => {
  await serving(["--max-concurrent", "1", "--max-queue", "1", SERVE], async ({ url }) => {
    const all = await Promise.all(Array.from({ length: 4 }, async () => {
      const response = await fetch(`${url}/finish-later?ms=200`);
      await response.text();
      return response;
    }));
    assert.deepEqual(all.map(({ status }) => status).toSorted(), [200, 200, 503, 503]);
    const refused = all.find(({ status }) => status === 503);
    assert.match(refused!.headers.get("retry-after")!, /^\d+$/);
  });
});

Deno.test("serve: --request-timeout: 504, also for a guest that loops in a worker", async () => {
  const { err } = await serving(["--request-timeout", "1500ms", SERVE], async ({ url }) => {
    assert.equal(await status(`${url}/sleep`), 504);
    assert.equal(await text(`${url}/hello`), "Hello, WASI!");
  });
  assert.match(err, /guest timed out/);
  await serving(["--request-timeout", "1500ms", "--workers", "1", SERVE], async ({ url }) => {
    assert.equal(await status(`${url}/loop`), 504);
    assert.equal(await text(`${url}/hello`), "Hello, WASI!");
  });
});

Deno.test("serve: --max-body-size, --max-memory", async () => {
  await serving(["--max-body-size", "10", "--max-memory", "32M", SERVE], async ({ url }) => {
    assert.equal(await status(`${url}/echo`, { method: "POST", body: "12345678901" }), 413);
    assert.equal(await status(`${url}/memory?mib=64`), 500);
    assert.equal(await status(`${url}/memory?mib=4`), 200);
  });
});

Deno.test("serve: --max-instance-reuse-count, --idle-timeout, and --metrics-addr tells of them", async () => {
  const args = [
    "--max-instance-reuse-count",
    "3",
    "--idle-timeout",
    "1500ms",
    "--metrics-addr",
    "127.0.0.1:0",
  ];
  await serving([...args, "--json", SERVE], async ({ url, out }) => {
    const { metrics } = JSON.parse(out().split("\n")[0]!);
    const value = async (name: string) =>
      Number(new RegExp(`^storeport_serve_${name} (\\d+)$`, "m").exec(await text(metrics))?.[1]);
    const seen: string[] = [];
    for (let i = 0; i < 4; i++) seen.push(await text(`${url}/state`));
    assert.deepEqual(seen, ["1", "2", "3", "1"]);
    assert.equal(await value("requests_total"), 4);
    assert.equal(await value('responses_total{class="2xx"}'.replaceAll(/[{}]/g, "\\$&")), 4);
    await until(
      async () => await value('instances\\{state="idle"\\}') === 0,
      () => "no idle instance is left",
    );
    assert.equal(await text(`${url}/state`), "1");
    assert.equal(await status(new URL("/", metrics).href), 404);
  });
});

Deno.test("serve: bad flags are usage, and named", async () => {
  const table: [args: string[], message: RegExp][] = [
    [["--addr", "foo"], /--addr.*'foo'/],
    [["--request-timeout", "soon"], /--request-timeout.*'soon'/],
    [["--idle-timeout", "0s"], /--idle-timeout.*'0s'/],
    [["--workers", "0"], /--workers.*'0'/],
    [["--worker-concurrency", "x"], /--worker-concurrency.*'x'/],
    [["--worker-permissions", "all"], /--worker-permissions.*'all'/],
    [["--max-concurrent", "-1"], /--max-concurrent.*'-1'/],
    [["--max-instances", "0.5"], /--max-instances.*'0.5'/],
    [["--max-memory", "lots"], /--max-memory.*'lots'/],
    [["--max-body-size", "-5"], /--max-body-size.*'-5'/],
    [["--isolation", "process"], /--isolation.*'process'/],
    [["--listener", "bun"], /--listener.*'bun'/],
    [["-H", "nocolon"], /"nocolon" is not a header/],
    [["-H", "a b: c"], /"a b: c" is not a header/],
    [["--config", "x"], /--config NAME=VALUE/],
    [["--keyvalue", "a=memory:///x", "--keyvalue", "a=memory:///y"], /bucket "a" is given twice/],
    [["--bogus"], /Unknown option '--bogus'/],
  ];
  for (const [args, message] of table) {
    const { code, err } = await run(["serve", ...args, SERVE]);
    assert.equal(code, 2, args.join(" "));
    assert.match(err, message);
  }
  const url = await run(["serve", "--watch", "http://127.0.0.1:1/x.wasm"]);
  assert.deepEqual([url.code, url.err.includes("--watch needs a file")], [2, true]);
});

Deno.test("serve: what cannot be served", async () => {
  const command = await run(["serve", guest("hello/hello.wasm")]);
  assert.equal(command.code, 1);
  assert.match(command.err, /exports no "wasi:http\/incoming-handler"/);
  assert.match((await run(["serve", "no/such.wasm"])).err, /there is no such file/);
  const store = await run(["serve", "--workers", "1", "--keyvalue", "memory:///", SERVE]);
  assert.match(store.err, /the store of the bucket "" cannot be carried there/);
});

Deno.test("serve: a port in use is named", async () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  try {
    const address = `127.0.0.1:${(taken.addr as Deno.NetAddr).port}`;
    for (const listener of ["deno", "node"]) {
      const { code, err } = await run(["serve", "--addr", address, "--listener", listener, SERVE]);
      assert.equal(code, 1);
      assert.ok(
        err.startsWith(`storeport: Cannot listen on http://${address}: the address is in use\n`),
        err,
      );
    }
    const metrics = await run(["serve", "--addr", "127.0.0.1:0", "--metrics-addr", address, SERVE]);
    assert.match(metrics.err, /^storeport: Cannot listen on .*: the address is in use$/m);
  } finally {
    taken.close();
  }
});

cliTest("serve: --watch: new requests get the new component, old ones end with theirs", async ({ cwd }) => {
  const app = `${cwd}/app.wasm`;
  const place = async (from: string | Uint8Array) => {
    if (typeof from === "string") await Deno.copyFile(from, `${cwd}/next`);
    else await Deno.writeFile(`${cwd}/next`, from);
    await Deno.rename(`${cwd}/next`, app);
  };
  await place(SERVE);
  const { code, err } = await serving(
    ["--watch", "--grace", "10s", "--no-cache", app],
    async ({ url, err }) => {
      assert.equal(await text(`${url}/state`), "1");
      const old = text(`${url}/finish-later?ms=3000`);
      await place(guest("serve-hello/serve-hello.wasm"));
      await until(() => err().includes("reloaded"), err);
      assert.notEqual(await text(`${url}/state`), "1");
      assert.equal(await old, "first second");
      // One that cannot be loaded changes nothing.
      const before = await text(`${url}/state`);
      await place(new TextEncoder().encode("no component"));
      await until(() => /storeport: Cannot load/.test(err()), err);
      assert.equal(await text(`${url}/state`), before);
      await place(SERVE);
      await until(async () => await text(`${url}/state`) === "1", err);
    },
  );
  assert.equal(code, 0);
  assert.equal(err.match(/reloaded .*app\.wasm/g)?.length, 2, err);
});
