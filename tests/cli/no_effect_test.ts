/** Options that would have no effect where they stand are refused; nothing is ignored silently. */
import assert from "node:assert/strict";
import { AlreadyExistsError } from "../../src/store/error.ts";
import { cliTest, run } from "./cli_support.ts";

Deno.test("cli: an option without effect is refused, by its name and with why", async () => {
  const fsync = ["-o", "fsync=true"];
  const plain =
    /Cannot use -o fsync=… with "a": options are for stores of URLs.*its URL is "file:\/\/\/.*\/a"/;
  const table: [args: string[], message: RegExp][] = [
    ...["ls", "cat", "stat", "rm", "sign", "gateway"].map((name): [string[], RegExp] => [
      [name, ...fsync, "a"],
      plain,
    ]),
    ...["get", "put", "cp", "mv", "sync"].map((name): [string[], RegExp] => [
      [name, ...fsync, "a", "b"],
      plain,
    ]),
    [["put", ...fsync, "-", "a"], plain],
    [["cp", "--from-option", "fsync=true", "a", "memory:///b"], /Cannot use --from-option fsync=… with "a"/],
    [["cp", "--to-option", "fsync=true", "memory:///b", "a"], /Cannot use --to-option fsync=… with "a"/],
    [["sync", "--from-option", "fsync=true", "a", "memory:///b"], /--from-option fsync=… with "a"/],
    [["sync", "--to-option", "fsync=true", "memory:///b", "a"], /--to-option fsync=… with "a"/],
    [["get", "--json", "memory:///a", "-"], /Cannot use --json: standard output/],
    [["put", "-r", "-", "memory:///a"], /Cannot use -r: standard input is one object/],
    [["rm", "--entire-store", "a"], /Cannot use --entire-store without -r/],
    [["sync", "--allow-empty", "a", "b"], /Cannot use --allow-empty without --delete/],
    [["sync", "--include", "*.jpg", "--exclude", "*", "a", "b"], /--include "\*\.jpg" before any --exclude/],
    [["sync", "--include", "*.jpg", "a", "b"], /the last match wins/],
    [["gateway", "memory:///", "--cors", ""], /origin is empty/],
    [["run", "--worker-permissions", "narrow", "a.wasm"], /--worker-permissions without a worker/],
    [["serve", "--worker-permissions", "narrow", "a.wasm"], /--worker-permissions without workers/],
    [["serve", "--worker-concurrency", "2", "a.wasm"], /Cannot use --worker-concurrency without workers/],
    [
      ["serve", "--workers", "2", "--max-instances", "2", "a.wasm"],
      /Cannot use --max-instances with workers/,
    ],
    [["cp", "memory:///a", "memory:///a"], /Cannot copy "memory:\/\/\/a" to itself/],
    [["mv", "a", "./"], /Cannot move "a" to itself/],
    [["get", "a"], /Cannot copy "a" to itself/],
    [["put", "-r", "a", "a/b"], /Cannot transfer "a" to "a\/b", which lies within it/],
    ...["127.0.0.1:9000/bucket", "localhost:9000", "[::1]:80/a", "s3.example.com:443", "minio:9000/b"].map(
      (name): [string[], RegExp] => [["ls", name], /write "http:\/\/" or "https:\/\/" before a host/],
    ),
  ];
  for (const [args, message] of table) {
    const { code, out, err } = await run(args);
    assert.equal(code, 2, `${args.join(" ")}: ${err}`);
    assert.equal(out, "");
    assert.match(err, message, args.join(" "));
    assert.match(err, /^storeport: [A-Z]/);
  }
});

cliTest("what asks for less than is done anyway is no mistake", async ({ cwd, url, store }) => {
  await store.put("a", "x");
  // The JSON is what was asked for: only what would stand beside it is left out.
  const { code, out, err } = await run(["ls", "--json", "-q", url], { terminal: true });
  assert.deepEqual([code, JSON.parse(out).path, err], [0, "a", ""]);
  const copied = await run(["cp", "-q", "--json", `${url}/a`, "b"], { cwd });
  assert.deepEqual([copied.code, JSON.parse(copied.out).to, copied.err], [0, "b", ""]);
  const synced = await run(["sync", "-q", "--json", cwd, `${url}/c`], { cwd });
  assert.deepEqual([synced.code, JSON.parse(synced.out.trim().split("\n").at(-1)!).action], [0, "summary"]);
  // Standard output replaces nothing.
  assert.deepEqual(await run(["get", "--no-overwrite", `${url}/a`, "-"]), { code: 0, out: "x", err: "" });
  let printed = "";
  const served = await run(
    ["gateway", "--json", "-q", "--read-only", "--max-body-size", "1M", "memory:///"].concat([
      "--addr",
      "127.0.0.1:0",
    ]),
    {
      onOutput(text, interrupt) {
        printed += text;
        interrupt();
      },
    },
  );
  assert.equal(served.code, 0, served.err);
  assert.match(JSON.parse(printed).url, /^http:\/\/127\.0\.0\.1:\d+$/);
});

cliTest("names of files may hold times and end in numbers", async ({ cwd }) => {
  for (const name of ["2024-05-01T12:30", "snapshot:1", "log-10:30"]) {
    assert.equal((await run(["put", "-", name], { cwd, input: "x" })).code, 0);
    assert.deepEqual(await run(["cat", name], { cwd }), { code: 0, out: "x", err: "" });
  }
  for (const name of ["2024-05-01T12:30:00", "backup-12:30"]) {
    await Deno.mkdir(`${cwd}/${name}`);
    assert.equal((await run(["put", "-", `${name}/a`], { cwd, input: "x" })).code, 0);
  }
});

Deno.test("cli: a token that was to come from the environment, and did not, opens nothing", async () => {
  const { code, err } = await run(["gateway", "memory:///"], { environment: { STOREPORT_TOKEN: "" } });
  assert.equal(code, 2);
  assert.match(err, /STOREPORT_TOKEN is empty/);
});

cliTest("options reach the stores of all URLs, also of get and put", async ({ cwd, url }) => {
  await Deno.writeTextFile(`${cwd}/a`, "x");
  const wrong = ["-o", "nonsense=1"];
  for (
    const args of [
      ["get", "a", `file://${cwd}/b`],
      ["put", `file://${cwd}/a`, "b"],
      ["cp", "a", `${url}/b`],
      ["cat", "a", `${url}/b`],
    ]
  ) {
    const { code, err } = await run([...args, ...wrong], { cwd });
    assert.equal(code, 2, err);
    assert.match(err, /Unknown configuration key "nonsense"/);
  }
});

cliTest("a dry run says what the real one would fail for, and with --quiet nothing else", async (context) => {
  const { cwd, url, store } = context;
  await Deno.writeTextFile(`${cwd}/a`, "x");
  const { eTag } = await store.put("there", "old");
  const there = `${url}/there`;
  for (const source of ["a", "-"]) {
    const put = (...args: string[]) => run(["put", "-n", ...args, source, there], { cwd });
    assert.deepEqual(await put(), { code: 0, out: `would copy ${source} to ${there}\n`, err: "" });
    assert.deepEqual(await put("-q"), { code: 0, out: "", err: "" });
    assert.deepEqual(await put("--if-match", eTag!, "-q"), { code: 0, out: "", err: "" });
    const refused = await put("--no-overwrite");
    assert.deepEqual([refused.code, refused.out], [1, ""]);
    assert.match(refused.err, /"there": it exists already\n {2}hint: leave out --no-overwrite/);
    const changed = await put("--if-match", '"other"');
    assert.equal(changed.code, 1);
    assert.match(changed.err, /does not have the ETag "other"\n {2}hint: it has changed/);
    const record = JSON.parse((await put("--json")).out);
    assert.deepEqual([record.action, record.from, record.to, record.dryRun], ["copy", source, there, true]);
  }
  assert.equal(await (await store.get("there")).text(), "old");
  const shown = await run(["get", "-n", there, "-"]);
  assert.deepEqual(shown, { code: 0, out: `would copy ${there} to -\n`, err: "" });
  assert.equal((await run(["get", "-n", `${url}/nope`, "-"])).code, 1);
  assert.deepEqual(await run(["get", "-nq", there, "-"]), { code: 0, out: "", err: "" });
  assert.deepEqual(await run(["rm", "-nq", there]), { code: 0, out: "", err: "" });
  assert.deepEqual(await run(["sync", "-nq", cwd, `${url}/all`]), { code: 0, out: "", err: "" });
  await assert.rejects(store.put("there", "x", { mode: "create" }), AlreadyExistsError);
});

cliTest("an object may be rewritten in place with other attributes", async ({ url, store }) => {
  await store.put("a", "x");
  const args = ["cp", "--content-type", "text/plain", `${url}/a`, `${url}/a`];
  assert.deepEqual(await run(args), { code: 0, out: "", err: "" });
  const { attributes } = await store.get("a", { head: true });
  assert.equal(attributes.contentType, "text/plain");
});

Deno.test("cli: an object may be copied onto itself by an option of its store, and never moved", async () => {
  const copies: (string | null)[][] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    ({ method, headers: given }) => {
      if (method !== "HEAD") copies.push([given.get("x-amz-storage-class"), given.get("x-amz-copy-source")]);
      return new Response('<CopyObjectResult><ETag>"1"</ETag></CopyObjectResult>');
    },
  );
  const place = ["s3://bucket/a", "s3://bucket/a"];
  const settings = {
    endpoint: `http://127.0.0.1:${server.addr.port}`,
    skipSignature: "true",
    region: "us-east-1",
  };
  const options = Object.entries({ ...settings, storageClass: "GLACIER_IR" })
    .flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  try {
    assert.deepEqual(await run(["cp", ...options, ...place]), { code: 0, out: "", err: "" });
    assert.deepEqual(copies, [["GLACIER_IR", "bucket/a"]]);
    const moved = await run(["mv", ...options, ...place]);
    assert.deepEqual([moved.code, copies.length], [2, 1]);
    assert.match(moved.err, /Cannot move "s3:\/\/bucket\/a" to itself/);
  } finally {
    await server.shutdown();
  }
});

cliTest("ls -b is ls -l in bytes", async ({ url, store }) => {
  await store.put("a", new Uint8Array(2048));
  assert.match((await run(["ls", "-b", url])).out, /^ +2048 {2}\d{4}-.* {2}a\n$/);
});
