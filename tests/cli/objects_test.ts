/** What the subcommands do to objects, within a store and between two. */
import assert from "node:assert/strict";
import { serveGateway } from "../../src/gateway/mod.ts";
import { LocalStore } from "../../src/stores/local/mod.ts";
import { cliTest, run } from "./cli_support.ts";

/** The lines of NDJSON. */
function records(text: string): Record<string, unknown>[] {
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

cliTest("ls lists a level, or all below", async ({ cwd, url, store }) => {
  await store.put("b/c/d", "1234");
  await store.put("b/a", "1");
  await store.put("z", "x".repeat(2000));
  const at = new Date((await store.head("z")).lastModified);
  assert.deepEqual(await run(["ls", url]), { code: 0, out: "b/\nz\n", err: "" });
  assert.deepEqual(await run(["ls", `${url}/b`]), { code: 0, out: "c/\na\n", err: "" });
  assert.deepEqual(await run(["ls", "-r", `${url}/b/`]), { code: 0, out: "a\nc/d\n", err: "" });
  assert.deepEqual(await run(["ls", `${url}/z`]), { code: 0, out: "z\n", err: "" });
  const { out } = await run(["ls", "-l", url]);
  const [first, second] = out.split("\n");
  assert.equal(first, `${" ".repeat(9)}-${" ".repeat(23)}b/`);
  assert.match(second!, /^ {3}2\.0 KiB {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}z$/);
  assert.match((await run(["ls", "-lb", `${url}/z`])).out, /^ {10}2000 {2}/);
  const [prefix, object] = records((await run(["ls", "--json", url])).out);
  assert.deepEqual(prefix, { prefix: "b" });
  assert.equal(object!.path, "z");
  assert.equal(object!.size, 2000);
  assert.equal(new Date(object!.lastModified as string).getTime(), Math.floor(at.getTime() / 1000) * 1000);
  await Deno.mkdir(`${cwd}/empty`);
  assert.deepEqual(await run(["ls"], { cwd }), { code: 0, out: "empty/\n", err: "" });
  assert.deepEqual(await run(["ls", "empty"], { cwd }), { code: 0, out: "", err: "" });
  assert.deepEqual(await run(["ls", "memory://"]), { code: 0, out: "", err: "" });
});

cliTest("ls tells of names that are no paths, or passes over them", async ({ cwd }) => {
  await Deno.writeTextFile(`${cwd}/ok`, "");
  await Deno.writeTextFile(`${cwd}/bad\x1b[2Jname`, "");
  const { code, err } = await run(["ls"], { cwd });
  assert.equal(code, 1);
  assert.match(err, /no valid path/);
  assert.ok(!err.includes("\x1b"));
  assert.deepEqual(await run(["ls", "--skip-invalid"], { cwd }), { code: 0, out: "ok\n", err: "" });
});

cliTest("cat writes objects, whole or in part", async ({ cwd, url, store }) => {
  await store.put("a", "0123456789");
  await Deno.writeTextFile(`${cwd}/b c%`, "bytes");
  assert.deepEqual(await run(["cat", `${url}/a`, "b c%"], { cwd }), {
    code: 0,
    out: "0123456789bytes",
    err: "",
  });
  for (const [range, out] of [["2-4", "234"], ["8-", "89"], ["-3", "789"], ["5-500", "56789"]]) {
    assert.deepEqual(await run(["cat", "--range", range!, `${url}/a`]), { code: 0, out: out!, err: "" });
  }
});

cliTest("get and put carry files both ways", async ({ cwd, url, store }) => {
  await Deno.writeTextFile(`${cwd}/a.txt`, "A");
  await Deno.writeTextFile(`${cwd}/b.txt`, "B");
  assert.deepEqual(await run(["put", "a.txt", `${url}/x/renamed`], { cwd }), { code: 0, out: "", err: "" });
  assert.equal((await run(["put", "a.txt", "b.txt", `${url}/dir/`], { cwd })).code, 0);
  assert.equal(await (await store.get("dir/b.txt")).text(), "B");
  assert.equal((await run(["get", `${url}/x/renamed`], { cwd })).code, 0);
  assert.equal(await Deno.readTextFile(`${cwd}/renamed`), "A");
  await Deno.mkdir(`${cwd}/into`);
  assert.equal((await run(["get", `${url}/x/renamed`, "into"], { cwd })).code, 0);
  assert.equal(await Deno.readTextFile(`${cwd}/into/renamed`), "A");
  assert.equal((await run(["get", "--range", "0-0", `${url}/dir/b.txt`, "new/name"], { cwd })).code, 0);
  assert.equal(await Deno.readTextFile(`${cwd}/new/name`), "B");
  assert.deepEqual(await run(["get", `${url}/dir/b.txt`, "-"], { cwd }), { code: 0, out: "B", err: "" });
});

cliTest("put takes standard input and attributes", async ({ url, store }) => {
  const args = [
    "put",
    "-",
    `${url}/in`,
    "--content-type",
    "text/csv",
    "--cache-control",
    "no-store",
    "--json",
  ];
  const { code, out } = await run(args, { input: "a,b\n" });
  assert.equal(code, 0);
  assert.deepEqual(records(out).map(({ eTag: _, ...rest }) => rest), [
    { action: "copy", from: "-", to: `${url}/in`, size: 4 },
  ]);
  const result = await store.get("in");
  assert.equal(await result.text(), "a,b\n");
  assert.equal(result.attributes.contentType, "text/csv");
  assert.equal(result.attributes.cacheControl, "no-store");
});

cliTest(
  "attributes go along between stores that have them, and are dropped for files",
  async ({ cwd, url, store }) => {
    await store.put("a.csv", "x", { attributes: { contentType: "text/csv", contentLanguage: "de" } });
    assert.equal((await run(["cp", `${url}/a.csv`, "a.csv"], { cwd })).code, 0);
    assert.equal((await run(["cp", `${url}/a.csv`, `${url}/b.csv`], { cwd })).code, 0);
    assert.deepEqual((await store.get("b.csv", { head: true })).attributes.contentType, "text/csv");
    const { code, err } = await run(["cp", "--content-type", "text/plain", "a.csv", "c.csv"], { cwd });
    assert.equal(code, 1);
    assert.match(err, /files have no place for attributes/);
  },
);

cliTest("modes: no overwriting, and only over a version", async ({ cwd, url, store }) => {
  await Deno.writeTextFile(`${cwd}/new`, "new");
  const { eTag } = await store.put("a", "old");
  const kept = await run(["put", "--no-overwrite", "new", `${url}/a`], { cwd });
  assert.equal(kept.code, 1);
  assert.match(kept.err, /hint: leave out --no-overwrite/);
  assert.equal((await run(["put", "--if-match", '"other"', "new", `${url}/a`], { cwd })).code, 1);
  assert.equal(await (await store.get("a")).text(), "old");
  assert.equal((await run(["put", "--if-match", eTag!, "new", `${url}/a`], { cwd })).code, 0);
  assert.equal(await (await store.get("a")).text(), "new");
  assert.equal((await run(["cp", "--no-overwrite", "new", "new2"], { cwd })).code, 0);
  assert.equal((await run(["cp", "--no-overwrite", "new", "new2"], { cwd })).code, 1);
});

cliTest("cp -r carries trees between stores and back", async ({ cwd, url, store }) => {
  const files = ["a.txt", "sub/b c.txt", "sub/deep/%41#?.txt", "sub/ünï.txt"];
  for (const file of files) {
    await Deno.mkdir(`${cwd}/tree/sub/deep`, { recursive: true });
    await Deno.writeTextFile(`${cwd}/tree/${file}`, `content of ${file}`);
  }
  const up = await run(["cp", "-r", "tree", `${url}/backup`], { cwd });
  assert.equal(up.code, 0, up.err);
  assert.match(up.err, /^Copied 4 objects, \d+ B, in /);
  for (const file of files) {
    assert.equal(await (await store.get(`backup/${file}`)).text(), `content of ${file}`);
  }
  assert.deepEqual(await run(["get", "-r", "-q", `${url}/backup/`, "restored"], { cwd }), {
    code: 0,
    out: "",
    err: "",
  });
  for (const file of files) {
    assert.equal(await Deno.readTextFile(`${cwd}/restored/${file}`), `content of ${file}`);
  }
  assert.equal((await run(["cp", "-rq", "tree/sub", "restored", `${url}/both/`], { cwd })).code, 0);
  assert.ok(await store.head("both/sub/b c.txt"));
  assert.ok(await store.head("both/restored/a.txt"));
  const json = records((await run(["cp", "-r", "--json", `${url}/backup`, `${url}/again`])).out);
  assert.deepEqual(
    json.map(({ action, to }) => `${action} ${to}`).sort(),
    files.map((file) => `copy ${url}/again/${file}`).sort(),
  );
  // A recursive copy of an object is one of an object.
  assert.equal((await run(["cp", "-rq", "tree/a.txt", "single"], { cwd })).code, 0);
  assert.equal(await Deno.readTextFile(`${cwd}/single`), "content of a.txt");
});

cliTest("a tree is not copied into itself", async ({ cwd }) => {
  await Deno.mkdir(`${cwd}/tree`);
  await Deno.writeTextFile(`${cwd}/tree/a`, "");
  for (const name of ["cp", "mv"]) {
    const { code, err } = await run([name, "-r", "tree", "tree/inner"], { cwd });
    assert.equal(code, 2);
    assert.match(err, /lies within it/);
  }
});

cliTest("one failure of many does not end the others", async ({ cwd, url, store }) => {
  await store.put("t/a", "1");
  await store.put("t/b#1", "2");
  await store.put("t/c", "3");
  const { code, out, err } = await run(["get", "-r", `${url}/t`, "t", "--json"], { cwd });
  assert.equal(code, 1);
  assert.match(err, /b#1/);
  assert.match(err, /storeport: 1 of 3 objects failed\n$/);
  assert.equal(await Deno.readTextFile(`${cwd}/t/c`), "3");
  const failed = records(out).filter(({ error }) => error);
  assert.equal(failed.length, 1);
  assert.equal((failed[0]!.error as { name: string }).name, "InvalidPathError");
});

cliTest("mv moves, within a store and between two", async ({ cwd, url, store }) => {
  await Deno.writeTextFile(`${cwd}/a`, "A");
  assert.equal((await run(["mv", "a", "b/c"], { cwd })).code, 0);
  assert.equal(await Deno.readTextFile(`${cwd}/b/c`), "A");
  assert.equal((await run(["mv", "b/c", `${url}/up`], { cwd })).code, 0);
  await assert.rejects(Deno.stat(`${cwd}/b/c`));
  assert.equal(await (await store.get("up")).text(), "A");
  assert.equal((await run(["mv", `${url}/up`, `${url}/dir/up`], { cwd })).code, 0);
  assert.deepEqual((await Array.fromAsync(store.list())).map(({ location }) => location as string), [
    "dir/up",
  ]);
  assert.equal((await run(["mv", "-rq", `${url}/dir`, "down"], { cwd })).code, 0);
  assert.equal(await Deno.readTextFile(`${cwd}/down/up`), "A");
  assert.deepEqual(await Array.fromAsync(store.list()), []);
});

cliTest("mv to the same object under another name leaves it there", async ({ cwd }) => {
  await Deno.writeTextFile(`${cwd}/a`, "A");
  const gateway = await serveGateway({ store: new LocalStore(cwd) });
  try {
    for (const places of [["a", `${gateway.url}/a`], [`${gateway.url}/a`, "a"]]) {
      const { code, err } = await run(["mv", ...places], { cwd });
      assert.equal(code, 1);
      assert.match(err, /Cannot delete ".*a", which has been copied: .* same object under another name/);
      assert.equal(await Deno.readTextFile(`${cwd}/a`), "A");
    }
  } finally {
    await gateway.shutdown();
  }
});

cliTest("rm deletes objects, or all below a place", async ({ cwd, url, store }) => {
  for (const path of ["a", "t/b", "t/c/d", "tt"]) await store.put(path, "");
  await Deno.writeTextFile(`${cwd}/file`, "");
  assert.deepEqual(await run(["rm", "-n", "-r", `${url}/t`]), {
    code: 0,
    out: `would delete ${url}/t/b\nwould delete ${url}/t/c/d\n`,
    err: "",
  });
  assert.deepEqual(await run(["rm", "-r", `${url}/t`]), { code: 0, out: "", err: "Deleted 2 objects\n" });
  assert.equal((await run(["rm", "file", `${url}/a`], { cwd })).code, 0);
  assert.deepEqual((await Array.fromAsync(store.list())).map(({ location }) => location as string), ["tt"]);
  assert.equal((await run(["rm", "file"], { cwd })).code, 1);
  assert.equal((await run(["rm", "-n", "file"], { cwd })).code, 1);
  assert.equal((await run(["rm", "-f", "file"], { cwd })).code, 0);
  assert.deepEqual(records((await run(["rm", "--json", `${url}/tt`])).out), [{
    action: "delete",
    object: `${url}/tt`,
  }]);
  await store.put("x/y", "");
  assert.equal((await run(["rm", "-rq", "--entire-store", url])).code, 0);
  assert.deepEqual(await Array.fromAsync(store.list()), []);
});

cliTest("a dry run changes nothing", async ({ cwd, url, store }) => {
  await store.put("a", "old");
  await Deno.writeTextFile(`${cwd}/a`, "new");
  for (
    const args of [
      ["cp", "-n", "a", `${url}/a`],
      ["put", "-n", "a", `${url}/a`],
      ["put", "-n", "-", `${url}/a`],
      ["get", "-n", `${url}/a`, "a"],
      ["mv", "-n", "a", `${url}/b`],
      ["mv", "-n", `${url}/a`, `${url}/b`],
      ["rm", "-n", "a", `${url}/a`],
      ["cp", "-rn", ".", `${url}/tree`],
    ]
  ) {
    const { code, out, err } = await run(args, { cwd });
    assert.equal(code, 0, err);
    assert.match(out, /^would (copy|move|delete) /, args.join(" "));
  }
  assert.deepEqual((await Array.fromAsync(store.list())).map(({ location }) => location as string), ["a"]);
  assert.equal(await (await store.get("a")).text(), "old");
  assert.equal(await Deno.readTextFile(`${cwd}/a`), "new");
});

cliTest("stat shows what is known", async ({ url, store }) => {
  await store.put("a", "x".repeat(5000), { attributes: { contentType: "text/plain" } });
  const { code, out } = await run(["stat", `${url}/a`]);
  assert.equal(code, 0);
  assert.match(out, /^path: +a$/m);
  assert.match(out, /^size: +4\.9 KiB \(5000 bytes\)$/m);
  assert.match(out, /^contentType: +text\/plain$/m);
  const [record] = records((await run(["stat", "--json", `${url}/a`])).out);
  assert.equal(record!.size, 5000);
  assert.equal((record!.attributes as { contentType: string }).contentType, "text/plain");
  assert.equal(record!.eTag, (await store.head("a")).eTag);
});

cliTest("a terminal sees a bar, and --quiet none", async ({ cwd, url, store }) => {
  await store.put("big", new Uint8Array(3_000_000));
  const args = ["cp", `${url}/big`, "big"];
  const shown = await run(args, { cwd, terminal: true });
  assert.equal(shown.code, 0);
  assert.deepEqual(await run([...args, "-q"], { cwd, terminal: true }), { code: 0, out: "", err: "" });
  assert.equal((await Deno.stat(`${cwd}/big`)).size, 3_000_000);
});

cliTest("a reader that leaves ends the command in peace", async ({ url, store }) => {
  await store.put("big", new Uint8Array(3_000_000));
  for (let i = 0; i < 20; i++) await store.put(`many/${i}`, "");
  for (
    const args of [["cat", `${url}/big`], ["ls", "-r", url], ["ls", `${url}/many`], [
      "rm",
      "-rn",
      `${url}/many`,
    ], ["--help"]]
  ) {
    for (const breakAfter of [0, 1]) {
      const { code, err } = await run(args, { breakAfter });
      assert.deepEqual([code, err], [0, ""], args.join(" "));
    }
  }
});

cliTest("an interrupt leaves nothing half-written", async ({ cwd, url }) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let pulls = 0;
  const input = new ReadableStream<Uint8Array>({
    async pull(controller) {
      controller.enqueue(new Uint8Array(100_000));
      if (++pulls === 5) resolve();
      await new Promise((next) => setTimeout(next, 1));
    },
  });
  const { code, err } = await run(["put", "-", "file"], { cwd, input, interrupt: promise });
  assert.equal(code, 130);
  assert.equal(err, "storeport: interrupted\n");
  assert.deepEqual(await Array.fromAsync(Deno.readDir(cwd)), []);
  const again = await run(["ls", url], { interrupt: Promise.resolve() });
  assert.ok([0, 130].includes(again.code));
});

cliTest("gateway serves a part of a store, as its options say", async ({ cwd }) => {
  await Deno.mkdir(`${cwd}/served`);
  await Deno.writeTextFile(`${cwd}/served/a`, "A");
  await Deno.writeTextFile(`${cwd}/served/page.html`, "<p>");
  await Deno.writeTextFile(`${cwd}/secret`, "S");
  const args = ["gateway", "served", "--addr", "127.0.0.1:0", "--json", "--read-only", "--cors"];
  let checked: Promise<void> | undefined;
  const { code, err } = await run(args, {
    cwd,
    environment: { STOREPORT_TOKEN: "t0ken" },
    onOutput(text, interrupt) {
      const { url } = JSON.parse(text);
      const authorization = { authorization: "Bearer t0ken" };
      checked = (async () => {
        try {
          assert.equal((await run(["cat", `${url}/a`])).code, 1);
          assert.deepEqual(await run(["cat", "-o", "token=t0ken", `${url}/a`]), {
            code: 0,
            out: "A",
            err: "",
          });
          assert.equal((await run(["cat", "-o", "token=t0ken", `${url}/secret`])).code, 1);
          const put = await fetch(`${url}/b`, { method: "PUT", body: "x", headers: authorization });
          await put.body?.cancel();
          assert.equal(put.status, 405);
          const cross = await fetch(`${url}/a`, {
            headers: { ...authorization, origin: "https://example.com" },
          });
          await cross.body?.cancel();
          assert.equal(cross.headers.get("access-control-allow-origin"), "*");
          const page = await fetch(`${url}/page.html`, { headers: authorization });
          await page.body?.cancel();
          assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
        } finally {
          interrupt();
        }
      })();
    },
  });
  await checked;
  assert.ok(checked);
  assert.deepEqual([code, err], [0, ""]);
});
