/** `storeport sync` as a person meets it. */
import assert from "node:assert/strict";
import { cliTest, run, spawn } from "./cli_support.ts";

const text = new TextDecoder();

async function write(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = `${root}/${name}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(file, content);
    await Deno.utime(file, 1e9, 1e9);
  }
}

cliTest("sync tells what it did, and nothing twice", async ({ cwd, url, store }) => {
  await write(`${cwd}/here`, { "a": "1", "b/c": "22", "x.tmp": "3" });
  await store.put("there/old", "4");
  const args = ["--exclude", "*.tmp", "here", `${url}/there/`];
  const dry = await run(["sync", "-n", "--delete", ...args], { cwd });
  assert.deepEqual(dry.out.split("\n").sort(), [
    "",
    `would copy here/a to ${url}/there/a`,
    `would copy here/b/c to ${url}/there/b/c`,
    `would delete ${url}/there/old`,
  ]);
  assert.match(dry.err, /^Would copy 2 objects, 3 B; would delete 1; 0 unchanged; in [\d.]+ s\n$/);
  await store.head("there/old");
  const first = await run(["sync", "--delete", ...args], { cwd });
  assert.deepEqual([first.code, first.out], [0, ""]);
  assert.match(first.err, /^Copied 2 objects, 3 B; deleted 1; 0 unchanged; in [\d.]+ s\n$/);
  assert.equal(await (await store.get("there/b/c")).text(), "22");
  await assert.rejects(store.head("there/old"), { name: "NotFoundError" });
  await assert.rejects(store.head("there/x.tmp"), { name: "NotFoundError" });
  const second = await run(["sync", "--json", "--delete", ...args], { cwd });
  assert.deepEqual(JSON.parse(second.out), {
    action: "summary",
    copied: 0,
    bytes: 0,
    deleted: 0,
    unchanged: 2,
    failed: 0,
  });
  const quiet = await run(["sync", "-q", "--delete", ...args], { cwd });
  assert.deepEqual([quiet.code, quiet.out, quiet.err], [0, "", ""]);
  // Back from a store over HTTP, which lists in no order.
  await Deno.mkdir(`${cwd}/back`);
  const back = await run(["sync", "--json", `${url}/there`, "back"], { cwd });
  const records = back.out.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(records.map(({ action }) => action), ["copy", "copy", "summary"]);
  assert.equal(await Deno.readTextFile(`${cwd}/back/b/c`), "22");
  const bar = await run(["sync", "--checksum", `${url}/there`, `${cwd}/new/`], { cwd, terminal: true });
  assert.deepEqual([bar.code, (await Deno.stat(`${cwd}/new/b/c`)).size], [0, 2], bar.err);
});

cliTest("sync ends with 1 when anything failed, and says what", async ({ cwd, url, store }) => {
  await write(`${cwd}/here`, { "a": "1", "b": "2" });
  // A file where a directory is to be.
  await store.put("there/x", "1");
  await write(`${cwd}/files`, { "x/y": "1", "z": "2" });
  await Deno.mkdir(`${cwd}/to`);
  await Deno.writeTextFile(`${cwd}/to/x`, "in the way");
  const blocked = await run(["sync", "--json", "files", "to"], { cwd });
  assert.equal(blocked.code, 1);
  assert.match(blocked.err, /a part of its path is a file/);
  const records = blocked.out.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(records.find(({ error }) => error)?.object, "files/x/y");
  assert.deepEqual(records.at(-1), {
    action: "summary",
    copied: 1,
    bytes: 1,
    deleted: 0,
    unchanged: 0,
    failed: 1,
  });
  const text = await run(["sync", "files", "to"], { cwd });
  assert.match(text.err, /1 unchanged; 1 failed; in/);
  assert.equal((await run(["sync", "--delete", "files", "to"], { cwd })).code, 0);
  assert.equal(await Deno.readTextFile(`${cwd}/to/x/y`), "1");
  const table: [args: string[], code: number, message: RegExp][] = [
    [["here", "http://127.0.0.1:1/x", "-o", "maxRetries=0"], 1, /127\.0\.0\.1:1/],
    [["missing", "to"], 2, /not a directory/],
    [["files/z", "to"], 2, /not a directory/],
    [[`${url}/there/x`, "to"], 2, /one object; use storeport cp/],
    [["here", "here"], 2, /one lies within the other/],
    [["here", `${cwd}/here/below`], 2, /one lies within the other/],
    [["--delete", `${url}/nothing/`, "to"], 2, /--allow-empty/],
    [["--checksum", "--size-only", "here", "to"], 2, /not both/],
    [["--exclude", "[", "here", "to"], 2, /"\[" has no end/],
    [["here"], 2, /Missing required argument/],
  ];
  for (const [args, code, message] of table) {
    const outcome = await run(["sync", ...args], { cwd });
    assert.equal(outcome.code, code, `${args}: ${outcome.err}`);
    assert.match(outcome.err, message);
  }
  assert.deepEqual([...Deno.readDirSync(`${cwd}/to`)].map(({ name }) => name).sort(), ["x", "z"]);
});

cliTest("an interrupted sync leaves whole objects, and goes on", async ({ cwd, url, store }) => {
  const files = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`d${i % 10}/${i}`, `text ${i}`]));
  await write(`${cwd}/here`, files);
  const child = spawn(["sync", "--json", "--concurrency", "2", "here", `${url}/there`], { cwd });
  const reader = child.stdout.getReader();
  // Once something is done.
  await reader.read();
  child.kill("SIGINT");
  while (!(await reader.read()).done);
  const { code } = await child.status;
  const stderr = text.decode(await new Response(child.stderr).bytes());
  assert.equal(code, 130, stderr);
  let done = 0;
  for await (const { location } of store.list("there")) {
    assert.equal(await (await store.get(location)).text(), files[location.slice("there/".length)]);
    done++;
  }
  assert.ok(done > 0 && done < 300, `${done} of 300`);
  const again = await run(["sync", "--json", "here", `${url}/there`], { cwd });
  const { copied, unchanged, failed } = JSON.parse(again.out.trim().split("\n").at(-1)!);
  assert.deepEqual([copied, unchanged, failed], [300 - done, done, 0]);
});
