/** `wasi:filesystem`. */
import assert from "node:assert/strict";
import { mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GuestOptions } from "../../../src/wasi/mod.ts";
import { type Env, type HostCase, load, plain } from "./case.ts";

/** A case with one directory to write in. */
function writable(
  name: string,
  covers: readonly string[],
  prepare?: (directory: string) => Promise<readonly string[] | void>,
): HostCase {
  return {
    name: `${name}: as the guest checks it`,
    covers,
    async run(env) {
      const directory = await env.directory();
      const args = await prepare?.(directory) ?? [];
      await env.ok([name, ...args], one(directory));
    },
  };
}

function one(host: string): GuestOptions {
  return { preopens: [{ host, guest: "/a" }] };
}

async function readOnly(env: Env): Promise<{ readonly directory: string; readonly options: GuestOptions }> {
  const directory = await env.directory();
  await writeFile(join(directory, "file.txt"), "read me");
  await mkdir(join(directory, "dir"));
  return { directory, options: { preopens: [{ host: directory, guest: "/ro", readOnly: true }] } };
}

/** The cases. */
export const filesystemCases: readonly HostCase[] = [
  plain("no_preopens", ["preopens"]),
  {
    name: "preopens: in the order granted, under their names",
    covers: ["p2_cli_multiple_preopens"],
    async run(env) {
      const preopens = [];
      for (const guest of ["c", "/a", "b/d"]) preopens.push({ host: await env.directory(), guest });
      const { lines } = await env.ok(["preopens"], { preopens });
      assert.deepEqual(lines, ["c", "/a", "b/d"]);
    },
  },
  {
    name: "file_read",
    covers: ["p2_cli_file_read"],
    async run(env) {
      const directory = await env.directory();
      await writeFile(join(directory, "f.txt"), "content");
      const { lines } = await env.ok(["file_read", "f.txt"], one(directory));
      assert.deepEqual(lines, ["content"]);
    },
  },
  {
    name: "file_write",
    async run(env) {
      const directory = await env.directory();
      await env.ok(["file_write", "g.txt", "written"], one(directory));
      assert.equal(await readFile(join(directory, "g.txt"), "utf8"), "written");
    },
  },
  writable("file_append", ["p2_cli_file_append"]),
  writable("file_dir_sync", ["p2_cli_file_dir_sync"]),
  writable("file_read_write", ["p2_file_read_write"]),
  writable("file_truncate", []),
  writable("file_big", [], () => Promise.resolve(["8"])),
  writable("file_poll_mixed", ["2.1 poll"]),
  writable("stat", []),
  writable("rename_unlink", []),
  writable("hold_open", []),
  {
    name: "directory_list: every name, neither . nor ..",
    covers: ["p2_cli_directory_list"],
    async run(env) {
      const directory = await env.directory();
      for (const name of ["b", "a", "ü"]) await writeFile(join(directory, name), "");
      await mkdir(join(directory, "sub"));
      const { lines } = await env.ok(["directory_list"], one(directory));
      assert.deepEqual(lines.toSorted(), ["a", "b", "sub/", "ü"].toSorted());
    },
  },
  {
    name: "read_only: refuses every change",
    covers: ["p2_api_read_only", "p2_file_truncation_readonly", "p2_file_stream_not_permitted"],
    async run(env) {
      const { directory, options } = await readOnly(env);
      await env.ok(["read_only"], options);
      assert.equal(await readFile(join(directory, "file.txt"), "utf8"), "read me");
    },
  },
  {
    name: "across_permissions: no link and no rename into or out of a read-only directory",
    covers: ["p2_file_hardlink_across_perms", "p2_file_rename_across_perms"],
    async run(env) {
      const { options } = await readOnly(env);
      const host = await env.directory();
      await env.ok(["across_permissions"], { preopens: [...options.preopens!, { host, guest: "/rw" }] });
    },
  },
  {
    name: "escape: not by dots, not by links, not by absolute paths",
    covers: ["fs permissions"],
    async run(env) {
      const outside = await env.directory();
      const secret = join(outside, "secret.txt");
      await writeFile(secret, "secret");
      const inside = join(outside, "inside");
      await mkdir(join(inside, "sub"), { recursive: true });
      await symlink("..", join(inside, "up"));
      await symlink(secret, join(inside, "out"));
      await env.ok(["escape", secret], one(inside));
      assert.equal(await readFile(secret, "utf8"), "secret");
      assert.equal((await stat(secret)).size, 6);
    },
  },
  {
    name: "links inside the directory are followed",
    async run(env) {
      const directory = await env.directory();
      await mkdir(join(directory, "sub"));
      await writeFile(join(directory, "sub", "f.txt"), "through two links");
      await symlink("sub", join(directory, "way"));
      await symlink("./way/../sub/f.txt", join(directory, "link"));
      const { text } = await (await load("hello/hello.wasm")).run({
        args: ["cat-file", "/a/link"],
        stdout: "pipe",
        ...one(directory),
      }).then(({ stdout }) => ({ text: new TextDecoder().decode(stdout) }));
      assert.equal(text, "through two links");
    },
  },
];
