/** What the conformance suite cannot know: files, their names, and how they are written. */
import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { isPath, type Path } from "../../src/store/path.ts";
import { nodeFileSystem } from "../../src/stores/local/fs_node.ts";
import { LocalStore } from "../../src/stores/local/mod.ts";
import { checkFilePath, isReserved, stagingName, toDisk } from "../../src/stores/local/names.ts";
import { inDirectory, names, onDisk, text } from "./local_support.ts";

inDirectory("an object is a file of its name, parents are made", async (root) => {
  const store = new LocalStore(root);
  await store.put("a/b/c d%2F.txt", "x");
  assert.equal(await Deno.readTextFile(`${root}/a/b/c d%2F.txt`), "x");
  assert.deepEqual(await onDisk(`${root}/a/b`), ["c d%2F.txt"]);
  assert.equal(store.name, `LocalFileSystem(file://${root})`);
});

inDirectory("the root may be a path, a relative path or a URL", async (root) => {
  await Deno.writeTextFile(`${root}/x`, "1");
  const { relative } = await import("node:path");
  for (const given of [root, `${root}/`, relative(Deno.cwd(), root), new URL(`file://${root}`)]) {
    assert.equal(await text(new LocalStore(given), "x"), "1");
  }
  const whole = new LocalStore("/");
  assert.equal(await text(whole, `${root.slice(1)}/x`), "1");
  assert.ok((await whole.listWithDelimiter()).commonPrefixes.includes("tmp" as Path));
});

inDirectory("a root that is missing, or a file, is said to be so, and may come later", async (root) => {
  const store = new LocalStore(`${root}/later/on`);
  const missing = { name: "NotFoundError", message: /root directory .* does not exist/ };
  await assert.rejects(store.put("x", "1"), missing);
  await assert.rejects(names(store), missing);
  await assert.rejects(store.listWithDelimiter(), missing);
  await Deno.mkdir(`${root}/later/on`, { recursive: true });
  await store.put("x", "1");
  await assert.rejects(new LocalStore(`${root}/later/on/x`).head("y"), {
    name: "GenericError",
    message: /not a directory/,
  });
  await new LocalStore(`${root}/p/q`, { createRoot: true }).put("x", "2");
  assert.equal(await Deno.readTextFile(`${root}/p/q/x`), "2");
  assert.throws(() => new LocalStore(""), { name: "ConfigurationError" });
  assert.throws(() => new LocalStore(new URL("https://example.com/")), { name: "ConfigurationError" });
});

inDirectory("a root that is not ASCII lists raw names", async (root) => {
  await Deno.mkdir(`${root}/räksmörgås 🙀`);
  await Deno.writeTextFile(`${root}/räksmörgås 🙀/💀.txt`, "x");
  await Deno.writeTextFile(`${root}/räksmörgås 🙀/a%3Ab%23`, "y");
  const store = new LocalStore(`${root}/räksmörgås 🙀`);
  assert.deepEqual(await names(store), ["a%3Ab%23", "💀.txt"]);
  assert.equal(await text(store, "a%3Ab%23"), "y");
  assert.ok(store.name.endsWith("/r%C3%A4ksm%C3%B6rg%C3%A5s%20%F0%9F%99%80)"));
});

inDirectory("ETags are inode, microseconds and size, and are kept by a rename", async (root) => {
  const store = new LocalStore(root);
  const { eTag } = await store.put("a", "12345");
  const stat = await nodeFileSystem.stat(`${root}/a`);
  const hex = [stat.inode, stat.mtimeMicros, BigInt(stat.size)].map((value) => value.toString(16));
  assert.equal(eTag, `"${hex.join("-")}"`);
  await store.rename("a", "b");
  assert.equal((await store.head("b")).eTag, eTag);
});

inDirectory("an ETag never comes back, though inodes are reused within a tick of the clock", async (root) => {
  const store = new LocalStore(root);
  const seen = new Set<string>();
  for (let i = 0; i < 300; i++) seen.add((await store.put("same", "size")).eTag!);
  assert.equal(seen.size, 300);
});

Deno.test("local: which names are reserved", () => {
  const table: [name: string, reserved: boolean][] = [
    ["a#1", true],
    ["#1", true],
    ["a#0123", true],
    ["a#", false],
    ["a#1.txt", false],
    ["a#x1", false],
    ["a#b#1", false],
    ["a1", false],
    ["a#😁34", false],
  ];
  for (const [name, reserved] of table) assert.equal(isReserved(name), reserved, name);
  const message = /Filenames containing trailing '\/#\\d\+\/' are not supported/;
  assert.throws(() => checkFilePath("foo/test#34" as Path, false), { name: "InvalidPathError", message });
  for (const path of ["foo#123/test.txt", "foo#123/test#23.txt", "foo/test#😁34"]) {
    checkFilePath(path as Path, false);
  }
  assert.throws(() => checkFilePath("" as Path, false), { name: "InvalidPathError" });
});

Deno.test("local: staging names are reserved and fit, whatever the name", () => {
  for (const name of ["a", "a#b", "a#b#c.txt", "#", "x".repeat(255), "é".repeat(127), "😁".repeat(63)]) {
    for (const n of [0, 1, 2 ** 48]) {
      const staged = stagingName(name, n);
      assert.ok(isReserved(staged), staged);
      assert.ok(new TextEncoder().encode(staged).byteLength <= 255, staged);
      assert.ok(staged.isWellFormed());
    }
  }
});

Deno.test("local: Windows takes no colon and no backslash", () => {
  assert.equal(toDisk("C:\\data", "a:b/c" as Path, true), "C:\\data\\a%3Ab\\c");
  assert.equal(toDisk("C:\\", "a" as Path, true), "C:\\a");
  assert.equal(toDisk("/data", "a:b\\c" as Path, false), "/data/a:b\\c");
  assert.equal(toDisk("/", "a" as Path, false), "/a");
  assert.ok(isPath("a\\..\\..\\b"));
  assert.throws(() => checkFilePath("a\\..\\..\\b" as Path, true), { name: "InvalidPathError" });
});

inDirectory("reserved names are refused and hidden", async (root) => {
  const store = new LocalStore(root);
  await Deno.writeTextFile(`${root}/a#1`, "left by a crash");
  await Deno.mkdir(`${root}/dir#1`);
  await Deno.writeTextFile(`${root}/dir#1/x`, "1");
  assert.deepEqual(await names(store), ["dir#1/x"]);
  assert.deepEqual((await store.listWithDelimiter()).objects, []);
  for (
    const act of [
      store.get("a#1"),
      store.put("a#1", ""),
      store.delete("a#1"),
      store.head("a#1"),
      store.copy("dir#1/x", "a#1"),
    ]
  ) {
    await assert.rejects(act, { name: "InvalidPathError" });
  }
  // It does not stand in the way of a write either.
  await store.put("a", "x");
  assert.equal(await text(store, "a"), "x");
});

inDirectory("names as long as the file system takes can be written", async (root) => {
  const store = new LocalStore(root);
  const longest = "x".repeat(255);
  await store.put(longest, "1");
  const { eTag } = await store.head(longest);
  await store.put(longest, "2", { mode: { update: { eTag } } });
  assert.equal(await text(store, longest), "2");
  await assert.rejects(store.put(longest + "x", "1"), { name: "InvalidPathError" });
  await assert.rejects(store.head("a".repeat(256)), { name: "InvalidPathError" });
  assert.deepEqual(await names(store, "b".repeat(256)), []);
});

inDirectory("a write is invisible until it is whole, and an abort leaves nothing", async (root) => {
  const store = new LocalStore(root);
  let late: ReadableStreamDefaultController<Uint8Array>;
  const stream = new ReadableStream<Uint8Array>({ start: (controller) => void (late = controller) });
  const controller = new AbortController();
  late!.enqueue(new Uint8Array(1_000_000));
  const put = store.put("a", stream, { signal: controller.signal });
  while ((await onDisk(root)).length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.deepEqual(await onDisk(root), ["a#1"]);
  assert.deepEqual(await names(store), []);
  const reason = new Error("enough");
  controller.abort(reason);
  await assert.rejects(put, reason);
  assert.deepEqual(await onDisk(root), []);
});

inDirectory("a stream that fails leaves nothing", async (root) => {
  const store = new LocalStore(root);
  await store.put("a", "old");
  let pulls = 0;
  const broken = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (++pulls > 5) throw new Error("no more");
      controller.enqueue(new Uint8Array(300_000));
    },
  });
  await assert.rejects(store.put("a", broken), {
    name: "GenericError",
    message: /Cannot read the payload of "a": no more/,
  });
  assert.deepEqual(await onDisk(root), ["a"]);
  assert.equal(await text(store, "a"), "old");
});

inDirectory("a dropped upload removes its file", async (root) => {
  const store = new LocalStore(root);
  {
    await using upload = await store.putMultipart("a") as unknown as AsyncDisposable & {
      putPart(part: Uint8Array): Promise<void>;
    };
    await upload.putPart(new Uint8Array(10));
    assert.deepEqual(await onDisk(root), ["a#1"]);
  }
  assert.deepEqual(await onDisk(root), []);
});

inDirectory("parts may be written in any order", async (root) => {
  const store = new LocalStore(root);
  const upload = await store.putMultipart("a");
  const parts = [3_000, 70_000, 1, 0, 300_000].map((size, index) => new Uint8Array(size).fill(index));
  await Promise.all(parts.map((part) => upload.putPart(part)));
  await upload.complete();
  const bytes = await (await store.get("a")).bytes();
  assert.ok(Buffer.compare(bytes, Buffer.concat(parts)) === 0);
  await assert.rejects(upload.putPart(new Uint8Array(1)), { name: "GenericError" });
});

inDirectory("small chunks and large ones arrive in order", async (root) => {
  const store = new LocalStore(root);
  const sizes = [1, 200_000, 3, 131_071, 131_072, 131_073, 262_144, 0, 5, 300_000, 7];
  const chunks = sizes.map((size, index) => new Uint8Array(size).fill(index + 1));
  await store.put("stream", ReadableStream.from(chunks));
  await store.put("list", chunks);
  for (const path of ["stream", "list"]) {
    assert.ok(Buffer.compare(await (await store.get(path)).bytes(), Buffer.concat(chunks)) === 0, path);
  }
});

inDirectory("a body shows the object as it was when it was got", async (root) => {
  const store = new LocalStore(root);
  await store.put("a", "old".repeat(200_000));
  const result = await store.get("a");
  await store.put("a", "new");
  await store.delete("a");
  assert.equal(await result.text(), "old".repeat(200_000));
});

inDirectory("a deletion removes emptied directories only if asked to", async (root) => {
  const keeping = new LocalStore(root);
  await keeping.put("a/b/c/d", "x");
  await keeping.delete("a/b/c/d");
  assert.deepEqual((await keeping.listWithDelimiter("a/b")).commonPrefixes, ["a/b/c"]);
  const cleaning = new LocalStore(root, { automaticCleanup: true });
  await cleaning.put("a/x", "1");
  await cleaning.put("a/b/c/d", "x");
  await cleaning.delete("a/b/c/d");
  assert.deepEqual(await onDisk(`${root}/a`), ["x"]);
  await cleaning.rename("a/x", "y");
  assert.deepEqual(await onDisk(root), ["y"]);
  await cleaning.delete("y");
  assert.ok((await Deno.stat(root)).isDirectory);
});

inDirectory("puts, renames, copies and cleaning deletions that race lose nothing", async (root) => {
  const store = new LocalStore(root, { automaticCleanup: true });
  await Promise.all(Array.from({ length: 8 }, async (_, i) => {
    for (let n = 0; n < 10; n++) {
      await store.put(`dir/sub/${i}`, String(n));
      assert.equal(await text(store, `dir/sub/${i}`), String(n));
      await store.rename(`dir/sub/${i}`, `dir/other/${i}`);
      await store.copy(`dir/other/${i}`, `copies/${i}`);
      await store.delete(`dir/other/${i}`);
      assert.equal(await text(store, `copies/${i}`), String(n));
      await store.delete(`copies/${i}`);
    }
  }));
  assert.deepEqual(await onDisk(root), []);
});

inDirectory("a copy has bytes of its own", async (root) => {
  const store = new LocalStore(root);
  await store.put("a", "old");
  await store.copy("a", "b");
  await Deno.writeTextFile(`${root}/a`, "changed in place");
  assert.equal(await text(store, "b"), "old");
  await Deno.chmod(`${root}/b`, 0o444);
  await store.copy("b", "c");
  assert.equal(await text(store, "c"), "old");
});

inDirectory("a conditional delete", async (root) => {
  const store = new LocalStore(root);
  const { eTag } = await store.put("a", "1");
  await assert.rejects(store.delete("a", { ifMatch: '"x"' }), { name: "PreconditionError" });
  await assert.rejects(store.delete("a", { version: "1" }), { name: "NotSupportedError" });
  await store.delete("a", { ifMatch: `"x", ${eTag}` });
  assert.deepEqual(await onDisk(root), []);
});

inDirectory("what a directory stands for is told from what is not there", async (root) => {
  const store = new LocalStore(root);
  await store.put("dir/a", "x");
  for (const call of [() => store.get("dir"), () => store.head("dir"), () => store.copy("dir", "b")]) {
    await assert.rejects(call, { name: "NotFoundError", isDirectory: true });
  }
  await assert.rejects(store.get("nope"), { name: "NotFoundError", isDirectory: false });
});

inDirectory("attributes are refused by name, or dropped if so asked", async (root) => {
  const attributes = { contentType: "text/plain", metadata: { owner: "me" } };
  const message = /contentType, metadata\.owner: files have no place/;
  await assert.rejects(new LocalStore(root).put("a", "x", { attributes }), {
    name: "NotSupportedError",
    key: "attributes",
    message,
  });
  await assert.rejects(new LocalStore(root).putMultipart("a", { attributes }), {
    name: "NotSupportedError",
    message,
  });
  assert.deepEqual(await onDisk(root), []);
  const store = new LocalStore(root, { attributes: "ignore" });
  await store.put("a", "x", { attributes });
  assert.deepEqual((await store.get("a")).attributes, {});
  await new LocalStore(root).put("b", "x", { attributes: { metadata: {} }, tags: { kept: "not" } });
});

inDirectory("offsets equal a filter over all", async (root) => {
  const store = new LocalStore(root);
  const paths = ["a a/x", "a%2Fa", "a/b/c", "a/b0", "aa", "b/🙀/x", "b/z", "b/\uffff", "c#/d"];
  await Promise.all(paths.map((path) => store.put(path, "")));
  const { comparePaths } = await import("../../src/store/path.ts");
  for (const offset of [...paths, "a", "b", "a/b", "b/🙀", "zz", "A"]) {
    const expected = paths.filter((path) => comparePaths(path, offset) > 0).sort();
    assert.deepEqual(await names(store, undefined, { offset }), expected, offset);
  }
});
