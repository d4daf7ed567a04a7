/** `storeport sync` and the other subcommands on real S3 servers, in both directions. */
import assert from "node:assert/strict";
import type { S3StoreOptions } from "../../src/stores/s3/mod.ts";
import { S3_SERVERS, startS3 } from "../servers/s3.ts";
import { run } from "./cli_support.ts";

const FILES: Readonly<Record<string, string>> = {
  "a.txt": "first",
  "a/b.txt": "second",
  "a-b.txt": "third",
  "deep/er/and/deep er/é 😀 %41+&.txt": "fourth",
  "empty": "",
  "large.bin": "0123456789".repeat(100_000),
};

async function write(root: string, files: Readonly<Record<string, string>>, modified?: Date): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const file = `${root}/${name}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(file, text);
    if (modified) await Deno.utime(file, modified, modified);
  }
}

async function read(root: string, below = ""): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for await (const { name, isDirectory } of Deno.readDir(`${root}/${below}`)) {
    if (isDirectory) Object.assign(all, await read(root, `${below}${name}/`));
    else all[below + name] = await Deno.readTextFile(`${root}/${below}${name}`);
  }
  return all;
}

function flags({ endpoint, region, provider, accessKeyId, secretAccessKey }: S3StoreOptions): string[] {
  const pairs = Object.entries({ endpoint, region, provider, accessKeyId, secretAccessKey });
  return pairs.flatMap(([key, value]) => ["-o", `${key}=${value}`]);
}

interface Summary {
  readonly copied: number;
  readonly deleted: number;
  readonly unchanged: number;
  readonly failed: number;
}

for (const server of S3_SERVERS) {
  Deno.test(`cli: sync between files and ${server.name}`, async () => {
    const started = await startS3(server);
    if (started === undefined) return console.log(`SKIPPED: ${server.name} not installed`);
    await using running = started;
    const cwd = await Deno.realPath(await Deno.makeTempDir());
    const options = flags(await running.bucket("sync"));
    const otherOptions = flags(await running.bucket("other"));
    assert.deepEqual(options, otherOptions);
    const sync = async (...args: string[]): Promise<number[]> => {
      const { code, out, err } = await run(["sync", "--json", ...options, ...args], { cwd });
      assert.equal(code, 0, err);
      const { copied, deleted, unchanged, failed } = JSON.parse(out.trim().split("\n").at(-1)!) as Summary;
      return [copied, deleted, unchanged, failed];
    };
    const hourAgo = new Date(Date.now() - 3600_000);
    const all = Object.keys(FILES).length;
    try {
      await write(`${cwd}/here`, FILES, hourAgo);
      assert.deepEqual(await sync("here", "s3://sync/backup/tree"), [all, 0, 0, 0]);
      // What is the same stays, whatever is compared.
      for (const how of [[], ["--checksum"], ["--size-only"]]) {
        assert.deepEqual(await sync(...how, "here", "s3://sync/backup/tree"), [0, 0, all, 0]);
      }
      // Back, into an empty directory, and again.
      await Deno.mkdir(`${cwd}/back`);
      assert.deepEqual(await sync("s3://sync/backup/tree", "back"), [all, 0, 0, 0]);
      assert.deepEqual(await read(`${cwd}/back`), FILES);
      assert.deepEqual(await sync("--checksum", "s3://sync/backup/tree", "back"), [0, 0, all, 0]);
      // Changed, removed and added; an old time and the same size is seen by --checksum alone.
      await Deno.remove(`${cwd}/here/a/b.txt`);
      await write(`${cwd}/here`, { "a.txt": "changed", "new.txt": "new", "a-b.txt": "THIRD" }, hourAgo);
      assert.deepEqual(await sync("--dry-run", "--delete", "here", "s3://sync/backup/tree"), [
        2,
        1,
        all - 2,
        0,
      ]);
      assert.deepEqual(await sync("--delete", "here", "s3://sync/backup/tree"), [2, 1, all - 2, 0]);
      assert.deepEqual(await sync("--checksum", "here", "s3://sync/backup/tree"), [1, 0, all - 1, 0]);
      // Between buckets, where ETags tell.
      assert.deepEqual(await sync("s3://sync/backup/tree", "s3://other/"), [all, 0, 0, 0]);
      assert.deepEqual(await sync("--delete", "--checksum", "s3://other", "back"), [3, 1, all - 3, 0]);
      assert.deepEqual(await read(`${cwd}/back`), await read(`${cwd}/here`));
      // What is excluded is left alone on both sides.
      await write(`${cwd}/here`, { "x.tmp": "tmp", "skip/y": "y" }, hourAgo);
      const excludes = ["--exclude", "*.tmp", "--exclude", "skip/"];
      assert.deepEqual(await sync(...excludes, "--delete", "here", "s3://other"), [0, 0, all, 0]);
      assert.deepEqual(await sync("here", "s3://other"), [2, 0, all, 0]);
      await Deno.remove(`${cwd}/here/x.tmp`);
      assert.deepEqual(await sync(...excludes, "--delete", "here", "s3://other"), [0, 0, all, 0]);
      assert.deepEqual(await sync("--delete", "here", "s3://other"), [0, 1, all + 1, 0]);
      // The other subcommands work on buckets too.
      const cat = await run(["cat", ...options, "s3://other/a.txt"], { cwd });
      assert.deepEqual([cat.code, cat.out], [0, "changed"], cat.err);
      const ls = await run(["ls", "-r", ...options, "s3://other/deep"], { cwd });
      assert.equal(ls.out, "er/and/deep er/é 😀 %41+&.txt\n", ls.err);
      const wrong = await run(["sync", ...options, "here", "s3://not-there/x"], { cwd });
      assert.equal(wrong.code, 1);
      assert.match(wrong.err, /NoSuchBucket|404/);
      assert.doesNotMatch(wrong.err, /storeport-secret/);
    } finally {
      await Deno.remove(cwd, { recursive: true });
    }
  });
}
