/** Links, directories and other things that are no files, and names that are no paths. */
import assert from "node:assert/strict";
import { nodeFileSystem } from "../../src/stores/local/fs_node.ts";
import { LocalStore } from "../../src/stores/local/mod.ts";
import { faulty, inDirectory, names, onDisk, text } from "./local_support.ts";

inDirectory("symbolic links are followed within the root", async (root) => {
  const store = new LocalStore(root);
  await store.put("real/file", "x");
  await Deno.symlink("real", `${root}/linked`);
  await Deno.symlink("real/file", `${root}/alias`);
  await Deno.symlink(`${root}/nowhere`, `${root}/broken`);
  assert.deepEqual(await names(store), ["alias", "linked/file", "real/file"]);
  assert.equal(await text(store, "linked/file"), "x");
  assert.equal(await text(store, "alias"), "x");
  assert.equal((await store.head("alias")).size, 1);
  await assert.rejects(store.get("broken"), { name: "NotFoundError" });
  // Through a linked directory the file itself goes; of a linked file the link.
  await store.put("linked/other", "y");
  assert.equal(await text(store, "real/other"), "y");
  await store.delete("linked/other");
  await store.delete("alias");
  await store.delete("broken");
  assert.deepEqual(await names(store), ["linked/file", "real/file"]);
});

inDirectory("writing over a link replaces the link, and renaming one moves what it shows", async (root) => {
  const store = new LocalStore(root);
  await store.put("real", "x");
  await Deno.symlink("real", `${root}/alias`);
  await store.put("alias", "y");
  assert.equal(await text(store, "real"), "x");
  assert.equal(await text(store, "alias"), "y");
  await store.delete("alias");
  await Deno.symlink("real", `${root}/alias`);
  await store.rename("alias", "deep/er/moved");
  assert.equal(await text(store, "deep/er/moved"), "x");
  assert.deepEqual(await names(store), ["deep/er/moved", "real"]);
});

inDirectory("renames between two paths of one file do nothing", async (root) => {
  const store = new LocalStore(root);
  await store.put("real/file", "x");
  await Deno.symlink("real", `${root}/linked`);
  await store.rename("real/file", "linked/file");
  assert.equal(await text(store, "real/file"), "x");
  await assert.rejects(store.rename("real/file", "linked/file", { mode: "create" }), {
    name: "AlreadyExistsError",
  });
  await Deno.link(`${root}/real/file`, `${root}/hard`);
  await store.rename("real/file", "hard");
  assert.deepEqual(await names(store), ["hard"]);
});

inDirectory("links that lead out of the root are refused and not listed", async (outer) => {
  const root = `${outer}/root`;
  await Deno.mkdir(root);
  await Deno.mkdir(`${outer}/secret`);
  await Deno.writeTextFile(`${outer}/secret/file`, "x");
  // A sibling whose name begins like the root's is not in it.
  await Deno.mkdir(`${outer}/root2`);
  await Deno.writeTextFile(`${outer}/root2/file`, "x");
  await Deno.symlink(`${outer}/secret`, `${root}/dir`);
  await Deno.symlink("../secret/file", `${root}/file`);
  await Deno.symlink(`${outer}/root2`, `${root}/sibling`);
  const store = new LocalStore(root);
  await store.put("ok", "1");
  assert.deepEqual(await names(store), ["ok"]);
  assert.deepEqual(await names(store, "dir"), []);
  assert.deepEqual(await store.listWithDelimiter(), {
    objects: [await store.head("ok")],
    commonPrefixes: [],
  });
  const denied = { name: "PermissionDeniedError", message: /leads out of the store's root/ };
  for (const path of ["file", "dir/file", "sibling/file"]) {
    await assert.rejects(store.get(path), denied);
    await assert.rejects(store.head(path), denied);
    await assert.rejects(store.copy(path, "copy"), denied);
    await assert.rejects(store.getRanges(path, [{ start: 0, end: 1 }]), denied);
  }
  for (const path of ["dir/new", "dir/deep/new", "sibling/file"]) {
    await assert.rejects(store.put(path, "y"), denied);
    await assert.rejects(store.putMultipart(path), denied);
    await assert.rejects(store.copy("ok", path), denied);
    await assert.rejects(store.rename("ok", path), denied);
  }
  await assert.rejects(store.delete("dir/file"), denied);
  await assert.rejects(store.rename("dir/file", "mine"), denied);
  assert.deepEqual(await onDisk(`${outer}/secret`), ["file"]);
  assert.deepEqual(await onDisk(`${outer}/root2`), ["file"]);
  // The link itself may go, and may be replaced.
  await store.put("file", "mine");
  assert.equal(await Deno.readTextFile(`${outer}/secret/file`), "x");
});

inDirectory("a directory swapped for a link while a file is opened is noticed", async (outer) => {
  const root = `${outer}/root`;
  await Deno.mkdir(`${root}/dir`, { recursive: true });
  await Deno.mkdir(`${outer}/secret`);
  await Deno.writeTextFile(`${root}/dir/file`, "mine");
  await Deno.writeTextFile(`${outer}/secret/file`, "secret");
  const swap = async () => {
    await Deno.rename(`${root}/dir`, `${root}/away`);
    await Deno.symlink(`${outer}/secret`, `${root}/dir`);
  };
  let armed = true;
  const store = faulty(root, {
    async open(path, mode) {
      if (armed) await swap();
      armed = false;
      return await nodeFileSystem.open(path, mode);
    },
  });
  await assert.rejects(store.get("dir/file"), { name: "PermissionDeniedError" });
  await Deno.remove(`${root}/dir`);
  await Deno.rename(`${root}/away`, `${root}/dir`);
  armed = true;
  await assert.rejects(store.put("dir/file", "y"), { name: "PermissionDeniedError" });
  assert.deepEqual(await onDisk(`${outer}/secret`), ["file"]);
  assert.equal(await Deno.readTextFile(`${outer}/secret/file`), "secret");
});

inDirectory("links in circles end", async (root) => {
  const store = new LocalStore(root);
  await store.put("a/file", "x");
  await store.put("b/file", "y");
  await Deno.symlink("..", `${root}/a/up`);
  await Deno.symlink(".", `${root}/a/self`);
  await Deno.symlink("../b", `${root}/a/b`);
  await Deno.symlink("../a", `${root}/b/a`);
  await Deno.symlink("knot2", `${root}/knot1`);
  await Deno.symlink("knot1", `${root}/knot2`);
  assert.deepEqual(await names(store), ["a/b/file", "a/file", "b/a/file", "b/file"]);
  await assert.rejects(store.get("knot1"), { name: "GenericError", message: /circle/ });
  await store.put("knot1", "untied");
  assert.equal(await text(store, "knot1"), "untied");
});

inDirectory("directories and files in each other's place", async (root) => {
  const store = new LocalStore(root);
  await store.put("dir/file", "x");
  await Deno.mkdir(`${root}/empty`);
  const directory = { name: "GenericError", message: /a directory of that name is there/ };
  for (const path of ["dir", "empty"]) {
    await assert.rejects(store.get(path), { name: "NotFoundError", path });
    await assert.rejects(store.head(path), { name: "NotFoundError", path });
    await assert.rejects(store.delete(path), { name: "NotFoundError", path });
    await assert.rejects(store.copy(path, "c"), { name: "NotFoundError", path });
    await assert.rejects(store.rename(path, "c"), { name: "NotFoundError", path });
    await assert.rejects(store.put(path, "y"), directory);
    await assert.rejects(store.put(path, "y", { mode: "create" }), directory);
    await assert.rejects(store.copy("dir/file", path), directory);
    await assert.rejects(store.rename("dir/file", path), directory);
    await assert.rejects(store.rename("dir/file", path, { mode: "create" }), directory);
    await assert.rejects(store.putMultipart(path), directory);
  }
  const inTheWay = { name: "GenericError", message: /a part of its path is a file/ };
  await assert.rejects(store.put("dir/file/x", "y"), inTheWay);
  await assert.rejects(store.rename("dir/file", "dir/file/x"), { ...inTheWay, path: "dir/file/x" });
  await assert.rejects(store.get("dir/file/x"), { name: "NotFoundError" });
  await assert.rejects(store.delete("dir/file/x"), { name: "NotFoundError" });
  assert.deepEqual(await names(store, "dir/file"), []);
  assert.deepEqual((await store.listWithDelimiter()).commonPrefixes, ["dir", "empty"]);
  assert.deepEqual(await onDisk(root), ["dir", "empty"]);
});

inDirectory("a FIFO is no object, and does not hang", async (root) => {
  const made = await new Deno.Command("mkfifo", { args: [`${root}/fifo`] }).output().catch(() => undefined);
  if (!made?.success) return console.log("SKIPPED: mkfifo not installed");
  const store = new LocalStore(root);
  await store.put("x", "1");
  const refused = { name: "NotSupportedError", message: /only regular files/ };
  await assert.rejects(store.get("fifo"), refused);
  await assert.rejects(store.head("fifo"), refused);
  await assert.rejects(store.copy("fifo", "y"), refused);
  await assert.rejects(store.delete("fifo"), refused);
  assert.deepEqual(await names(store), ["x"]);
});

inDirectory("names on disk that are no paths", async (root) => {
  const store = new LocalStore(root);
  await store.put("ok", "1");
  await Deno.writeTextFile(`${root}/new\nline`, "x");
  await Deno.mkdir(`${root}/bell\x07`);
  await assert.rejects(names(store), { name: "InvalidPathError" });
  await assert.rejects(store.listWithDelimiter(), { name: "InvalidPathError" });
  await assert.rejects(names(store, "", { invalidPaths: "raw" }), { name: "NotSupportedError" });
  assert.deepEqual(await names(store, "", { invalidPaths: "skip" }), ["ok"]);
  assert.equal((await store.listWithDelimiter("", { invalidPaths: "skip" })).objects.length, 1);
});

inDirectory("names on disk that are not UTF-8", async (root) => {
  const store = new LocalStore(root);
  await store.put("ok", "1");
  const made = await new Deno.Command("sh", { args: ["-c", `printf x > "$(printf '%s/\\377' "$0")"`, root] })
    .output()
    .catch(() => undefined);
  if (!made?.success || (await onDisk(root)).length < 2) {
    return console.log("SKIPPED: such names not supported here");
  }
  await assert.rejects(names(store), { name: "InvalidPathError" });
  assert.deepEqual(await names(store, "", { invalidPaths: "skip" }), ["ok"]);
});
