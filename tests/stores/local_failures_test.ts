/** What file systems, processes and permissions get wrong. */
import assert from "node:assert/strict";
import { nodeFileSystem } from "../../src/stores/local/fs_node.ts";
import { LocalStore, localStoreFromConfig } from "../../src/stores/local/mod.ts";
import { codeError, faulty, inDirectory, names, onDisk, text } from "./local_support.ts";

inDirectory("a file that is cut while it is read is an error, not a short object", async (root) => {
  const store = new LocalStore(root);
  await store.put("a", new Uint8Array(600_000));
  const stream = await store.get("a");
  const bytes = await store.get("a");
  await Deno.truncate(`${root}/a`, 300_000);
  await assert.rejects(Array.fromAsync(stream.body), { name: "GenericError", message: /ended after/ });
  await assert.rejects(bytes.bytes(), { name: "GenericError", message: /ended after/ });
});

inDirectory("handles are closed by reading, cancelling, aborting and failing", async (root) => {
  let open = 0;
  const store = faulty(root, {
    async open(path, mode) {
      const handle = await nodeFileSystem.open(path, mode);
      open++;
      const close = handle.close.bind(handle);
      handle.close = async () => {
        open--;
        await close();
      };
      return handle;
    },
  });
  await store.put("a", new Uint8Array(1_000_000));
  await (await store.get("a")).bytes();
  await Array.fromAsync((await store.get("a")).body);
  await (await store.get("a")).body.cancel();
  for await (const _ of (await store.get("a")).body) break;
  await (await store.get("a", { range: { suffix: 0 } })).bytes();
  await store.head("a");
  await assert.rejects(store.get("a", { ifMatch: '"x"' }));
  await assert.rejects(store.get("a", { range: { offset: 1_000_000 } }));
  await assert.rejects(store.put("a", "x", { mode: "create" }));
  await store.copy("a", "b");
  await store.rename("b", "c");
  for (const unread of [false, true]) {
    const controller = new AbortController();
    const { body } = await store.get("a", { signal: controller.signal });
    if (!unread) await body.getReader().read();
    controller.abort();
    while (open > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.equal(open, 0);
});

Deno.test("local: configuration is read strictly", () => {
  localStoreFromConfig("/", {
    fsync: "true",
    automatic_cleanup: "no",
    createRoot: false,
    attributes: "ignore",
  });
  for (
    const [key, value] of [["fsnyc", "true"], ["fsync", "maybe"], ["attributes", "keep"], ["timeout", "3s"]]
  ) {
    assert.throws(() => localStoreFromConfig("/", { [key!]: value }), { name: "ConfigurationError", key });
  }
});

inDirectory("a full disk, and other failures of the system, by kind", async (root) => {
  const cases: [code: string, name: string, message: RegExp][] = [
    ["ENOSPC", "GenericError", /the disk is full/],
    ["EDQUOT", "GenericError", /quota/],
    ["EIO", "GenericError", /EIO/],
    ["EACCES", "PermissionDeniedError", /permission denied/],
    ["EROFS", "PermissionDeniedError", /read-only/],
  ];
  for (const [code, name, message] of cases) {
    for (const call of ["write", "close", "stat"] as const) {
      const store = faulty(root, {
        async open(path, mode) {
          const handle = await nodeFileSystem.open(path, mode);
          const own = handle[call].bind(handle) as () => Promise<never>;
          handle[call] = async () => {
            if (call === "close") await own();
            throw codeError(code);
          };
          return handle;
        },
      });
      await assert.rejects(store.put("dir/a", "x"), {
        name,
        message,
        code,
        path: "dir/a",
        store: "LocalFileSystem",
      });
      assert.deepEqual(await onDisk(`${root}/dir`), [], `${code} of ${call}`);
    }
    const blocked = faulty(root, {
      rename: () => Promise.reject(codeError(code)),
      readDirectory: () => {
        throw codeError(code);
      },
    });
    await assert.rejects(blocked.put("dir/a", "x"), { name, code });
    assert.deepEqual(await onDisk(`${root}/dir`), []);
    await assert.rejects(names(blocked), { name, code });
    await assert.rejects(blocked.listWithDelimiter(), { name, code });
  }
});

inDirectory("without hard links a create is refused by name", async (root) => {
  const store = faulty(root, { link: () => Promise.reject(codeError("EPERM")) });
  await assert.rejects(store.put("a", "x", { mode: "create" }), {
    name: "NotSupportedError",
    message: /hard links/,
  });
  assert.deepEqual(await onDisk(root), []);
  await store.put("a", "x");
});

inDirectory("a rename between file systems copies, then deletes", async (root) => {
  const store = faulty(root, {
    rename: (from, to) =>
      from.endsWith("#1") ? nodeFileSystem.rename(from, to) : Promise.reject(codeError("EXDEV")),
    link: (from, to) =>
      from.endsWith("#1") ? nodeFileSystem.link(from, to) : Promise.reject(codeError("EXDEV")),
  });
  await store.put("a", "x");
  await store.rename("a", "b");
  await store.rename("b", "c", { mode: "create" });
  assert.deepEqual(await onDisk(root), ["c"]);
  await store.put("a", "y");
  await assert.rejects(store.rename("a", "c", { mode: "create" }), { name: "AlreadyExistsError", path: "c" });
  assert.equal(await text(store, "a"), "y");
});

inDirectory("fsync covers the file, its directory and new ones; its failure is told", async (root) => {
  const synced: string[] = [];
  const store = faulty(root, {
    async open(path, mode) {
      const handle = await nodeFileSystem.open(path, mode);
      const sync = handle.sync.bind(handle);
      handle.sync = async () => {
        synced.push(path);
        await sync();
      };
      return handle;
    },
    async syncDirectory(path) {
      synced.push(path);
      await nodeFileSystem.syncDirectory(path);
    },
  }, { fsync: true });
  await store.put("a/b/c", "x");
  assert.deepEqual(synced, [`${root}/a/b/c#1`, `${root}/a/b`, root, `${root}/a`]);
  synced.length = 0;
  await store.rename("a/b/c", "d");
  assert.deepEqual(synced, [root, `${root}/a/b`]);
  synced.length = 0;
  await store.delete("d");
  assert.deepEqual(synced, []);

  const failing = faulty(root, {
    syncDirectory: (path) => path === root ? Promise.resolve() : Promise.reject(codeError("EIO")),
  }, { fsync: true });
  await failing.put("top", "x");
  await new LocalStore(root).put("sub/file", "x");
  await assert.rejects(failing.rename("sub/file", "moved"), { name: "GenericError", code: "EIO" });
  assert.equal(await text(failing, "moved"), "x");
});

inDirectory(
  "updates of several processes do not overwrite each other, and a dead one's lock is broken",
  async (root) => {
    const first = new LocalStore(root);
    await first.put("n", "0");
    // Left by a process that died a minute ago.
    await Deno.writeTextFile(`${root}/n#0`, "");
    await Deno.utime(`${root}/n#0`, new Date(Date.now() - 60_000), new Date(Date.now() - 60_000));
    const script = `
    import { LocalStore } from ${
      JSON.stringify(new URL("../../src/stores/local/mod.ts", import.meta.url).href)
    };
    const store = new LocalStore(${JSON.stringify(root)});
    for (let done = 0; done < 20;) {
      const result = await store.get("n");
      const next = String(Number(await result.text()) + 1);
      try {
        await store.put("n", next, { mode: { update: result.meta } });
        done++;
      } catch (error) {
        if (error.name !== "PreconditionError") throw error;
      }
    }`;
    const run = () =>
      new Deno.Command(Deno.execPath(), {
        args: ["eval", "--no-lock", script],
        stdout: "inherit",
        stderr: "inherit",
      }).output();
    const done = await Promise.all([run(), run(), run()]);
    assert.ok(done.every(({ success }) => success));
    assert.equal(await text(first, "n"), "60");
    assert.deepEqual(await onDisk(root), ["n"]);
  },
);

inDirectory("Deno's permissions count, and the error says which is missing", async (root) => {
  await Deno.writeTextFile(`${root}/a`, "x");
  await Deno.mkdir(`${root}/out`);
  const script = `
    import { LocalStore } from ${
    JSON.stringify(new URL("../../src/stores/local/mod.ts", import.meta.url).href)
  };
    const store = new LocalStore(${JSON.stringify(root)});
    console.log(await (await store.get("a")).text());
    for (const act of [() => store.put("b", "x"), () => new LocalStore("/").get("etc/hostname")]) {
      await act().catch((error) => console.log(error.name, error.message.includes("--allow-")));
    }
    await store.put("out/b", "x");
    console.log("done");`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, script);
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-lock", `--allow-read=${root}`, `--allow-write=${root}/out`, file],
    stderr: "inherit",
  }).output();
  await Deno.remove(file);
  assert.equal(
    new TextDecoder().decode(stdout),
    "x\nPermissionDeniedError true\nPermissionDeniedError true\ndone\n",
  );
});

inDirectory("a file system that is full: nothing is left, and the error says so", async (root) => {
  const mounted = await new Deno.Command("mount", {
    args: ["-t", "tmpfs", "-o", "size=256k", "tmpfs", root],
    stderr: "null",
  }).output().catch(() => undefined);
  if (!mounted?.success) return console.log("SKIPPED: tmpfs not mountable");
  try {
    const store = new LocalStore(root);
    await store.put("small", new Uint8Array(10_000));
    const full = { name: "GenericError", code: "ENOSPC", message: /the disk is full/ };
    await assert.rejects(store.put("big", new Uint8Array(1_000_000)), full);
    await assert.rejects(store.put("small", ReadableStream.from([new Uint8Array(500_000)])), full);
    const upload = await store.putMultipart("parts");
    await assert.rejects(upload.putPart(new Uint8Array(1_000_000)), full);
    await upload.abort();
    const writer = store.writer("written").getWriter();
    await assert.rejects(async () => {
      for (let i = 0; i < 100; i++) await writer.write(new Uint8Array(100_000));
      await writer.close();
    }, full);
    await writer.closed.catch(() => {});
    assert.deepEqual(await onDisk(root), ["small"]);
    assert.equal((await store.head("small")).size, 10_000);
  } finally {
    await new Deno.Command("umount", { args: [root] }).output();
  }
});
