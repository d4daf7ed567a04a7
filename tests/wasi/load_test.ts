/** Loading: what is refused and how, reports, caching. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheKey, decodeEntry, encodeEntry } from "../../src/wasi/cache.ts";
import { GuestLoadError, loadGuest, MissingImportError } from "../../src/wasi/mod.ts";
import "./generator.ts";

const guests = new URL("../guests/", import.meta.url);
const bytes = (path: string) => readFile(new URL(path, guests));
const wat = (name: string) => loadGuest(new URL(`wat/${name}.wasm`, guests), { cache: false });

async function refusal(promise: Promise<unknown>): Promise<GuestLoadError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof GuestLoadError, String(error));
    return error;
  }
  return assert.fail("It was loaded");
}

Deno.test("load: what is not WebAssembly is refused", async () => {
  for (const source of ["", "<html>", "\0asm", "\0asm\x02\0\0\0"]) {
    const error = await refusal(loadGuest(new TextEncoder().encode(source)));
    assert.equal(error.reason, "not-wasm");
  }
});

Deno.test("load: core modules are refused, and told what they were built for", async () => {
  const preview1 = await refusal(wat("core-preview1"));
  assert.equal(preview1.reason, "core-module");
  assert.match(preview1.message, /preview1, which has no networking/);
  const env = await refusal(wat("core-env"));
  assert.match(env.message, /"env"/);
  assert.match((await refusal(loadGuest(new URL("hello/hello-preview1.wasm", guests)))).message, /preview1/);
  // An empty module.
  const empty = await refusal(loadGuest(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)));
  assert.match(empty.message, /imports nothing/);
});

Deno.test("load: damaged components are refused", async () => {
  const whole = await bytes("hello/hello.wasm");
  for (const cut of [9, 100, 5000, whole.length - 1]) {
    const error = await refusal(loadGuest(whole.subarray(0, cut), { cache: false }));
    assert.equal(error.reason, "invalid-component", `${cut}: ${error.message}`);
  }
  const altered = whole.slice();
  altered.fill(0xff, 2000, 2100);
  assert.equal((await refusal(loadGuest(altered, { cache: false }))).reason, "invalid-component");
});

Deno.test("load: paths, URLs, bytes and responses", async () => {
  const url = new URL("wat/hello-0.2.0.wasm", guests);
  const content = new Uint8Array(await readFile(url));
  const sources = [url, url.href, url.pathname, content, new Response(content)];
  for (const source of sources) {
    const guest = await loadGuest(source, { cache: false });
    assert.equal((await guest.run({ stdout: "pipe" })).exitCode, 0);
  }
  const missing = await refusal(loadGuest("no/such/guest.wasm"));
  assert.equal(missing.reason, "unreadable");
  assert.match(missing.message, /"guest.wasm"/);
  assert.match((await refusal(loadGuest(new URL(".", guests)))).message, /it is a directory$/);
  assert.match((await refusal(loadGuest("s3://bucket/guest.wasm"))).message, /not from "s3:"/);
  const refused = await refusal(loadGuest(new Response("no", { status: 404 })));
  assert.match(refused.message, /404/);
});

Deno.test("load: tells imports with versions, and what the host has of them", async () => {
  const guest = await wat("hello-0.2.0");
  assert.ok(guest.imports.length > 0);
  for (const { version, provided } of guest.imports) {
    assert.equal(version, "0.2.0");
    assert.equal(provided, true);
  }
  assert.deepEqual(guest.exports.map(({ name, kind }) => [name, kind]), [["wasi:cli/run", "instance"]]);
});

Deno.test("run: an import that nobody provides is an error before anything runs", async () => {
  const guest = await wat("unknown-import");
  const unknown = guest.imports.find(({ provided }) => !provided);
  assert.ok(unknown !== undefined);
  await assert.rejects(guest.run({ stdout: "pipe" }), (error) => {
    assert.ok(error instanceof MissingImportError);
    assert.match(error.message, new RegExp(`"${unknown.interface}@${unknown.version}"`));
    return true;
  });
  await assert.rejects((await wat("unknown-wasi")).run(), MissingImportError);
});

Deno.test("run: a component that is no command says what it is", async () => {
  const guest = await wat("no-run");
  const found = { name: "MissingExportError", exports: guest.exports.map(({ name }) => name) };
  await assert.rejects(guest.run(), {
    ...found,
    missing: "wasi:cli/run",
    message: /exports no "wasi:cli\/run" \(it exports "add", "acme:math\/arithmetic"\)/,
  });
  assert.throws(() => guest.serve(), { ...found, missing: "wasi:http/incoming-handler" });
});

Deno.test("instantiate: the caller provides the rest, also with promises", async () => {
  const guest = await wat("unknown-import");
  const sizes: number[] = [];
  for (const make of [(size: number) => size, (size: number) => Promise.resolve(size)]) {
    const maker = {
      make(size: number) {
        sizes.push(size);
        return make(size);
      },
    };
    const instance = await guest.instantiate({ imports: { "acme:widgets/maker": maker } });
    const { run } = instance.exports["wasi:cli/run@0.2.0"] as { run(): Promise<void> };
    await run();
    instance.close();
    await assert.rejects(run(), /has ended/);
  }
  assert.deepEqual(sizes, [7, 7]);
  await assert.rejects(
    guest.instantiate({ imports: { "acme:widgets/maker": {} } }),
    /"acme:widgets\/maker@1.2.0" \(make\)/,
  );
});

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "storeport-cache-"));
  try {
    await body(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Another guest each time, so that nothing is in memory: a custom section is appended. */
function variant(component: Uint8Array): Uint8Array {
  const name = crypto.randomUUID();
  return Uint8Array.from([...component, 0, name.length + 1, name.length, ...new TextEncoder().encode(name)]);
}

Deno.test("cache: written once, read by others, rebuilt when damaged, one file for writers at once", async () => {
  const component = variant(await bytes("wat/hello-0.2.0.wasm"));
  await withDirectory(async (directory) => {
    const cache = join(directory, "guests");
    await loadGuest(component, { cache });
    const files = await readdir(cache);
    assert.deepEqual(files, [`${await cacheKey(component)}.guest`]);
    const path = join(cache, files[0]!);
    const entry = await readFile(path);
    const decoded = await decodeEntry(entry);
    assert.ok(decoded !== undefined);
    assert.deepEqual(Buffer.from(await encodeEntry(decoded)), entry);
    for (
      const damage of [
        entry.subarray(0, 40),
        entry.subarray(0, -1),
        entry.map((byte, i) => i === 500 ? byte ^ 1 : byte),
      ]
    ) {
      assert.equal(await decodeEntry(damage), undefined);
    }
    // Other processes: their memory is empty.
    const run = async () => {
      const { code, stdout } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", new URL("load_child.ts", import.meta.url).pathname, cache],
        stdin: "null",
        stdout: "piped",
        stderr: "inherit",
        env: { GUEST: Buffer.from(component).toString("base64") },
      }).output();
      assert.equal(code, 0);
      return new TextDecoder().decode(stdout).trim();
    };
    assert.equal(await run(), "generator loaded: false");
    await writeFile(path, entry.map((byte, i) => i === 500 ? byte ^ 1 : byte));
    // Three at once: whoever comes late may find the file that another has rebuilt.
    const loaded = await Promise.all([run(), run(), run()]);
    assert.ok(loaded.includes("generator loaded: true"), loaded.join());
    assert.deepEqual(await readdir(cache), files);
    assert.deepEqual(await readFile(path), entry);
  });
});

Deno.test("cache: one that cannot be written is done without", async () => {
  const component = variant(await bytes("wat/hello-0.2.0.wasm"));
  await withDirectory(async (directory) => {
    await writeFile(join(directory, "file"), "");
    const guest = await loadGuest(component, { cache: join(directory, "file", "guests") });
    assert.equal((await guest.run()).exitCode, 0);
  });
});

Deno.test("load: without JSPI the refusal names it, and the stores go on working", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      "--no-check",
      `
      delete WebAssembly.Suspending;
      const { loadGuest } = await import(${
        JSON.stringify(new URL("../../src/wasi/mod.ts", import.meta.url).href)
      });
      const { MemoryStore } = await import(${
        JSON.stringify(new URL("../../src/stores/memory/mod.ts", import.meta.url).href)
      });
      const store = new MemoryStore();
      await store.put("a", "b");
      console.log(await (await store.get("a")).text());
      await loadGuest(new Uint8Array(8)).catch((error) => console.log(error.name, error.message));
    `,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  assert.match(new TextDecoder().decode(stdout), /^b\nNotSupportedError .*JavaScript Promise Integration/);
});
