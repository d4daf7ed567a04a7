/**
 * `deno task demo`: what storeport is, in a few seconds and without a network. Serves a memory store over HTTP on
 * loopback, works with this repository's own files through `HttpStore` and the connector, lets guests do the same, and
 * serves guests.
 */
import { HttpStore, MemoryStore } from "../mod.ts";
import { serveGateway } from "../src/gateway/mod.ts";
import { LocalStore } from "../src/stores/local/mod.ts";
import { guests } from "./demo/guests.ts";
import { serving } from "./demo/serving.ts";

const root = new URL("..", import.meta.url);
const FOLDERS = ["src", "tests", "scripts"];

function say(action: string, outcome: string): void {
  console.log(`  ${action.padEnd(34)} ${outcome}`);
}

function size(bytes: number): string {
  return bytes < 1024
    ? `${bytes} B`
    : bytes < 2 ** 20
    ? `${(bytes / 1024).toFixed(1)} KiB`
    : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function inParallel<T>(
  items: readonly T[],
  width: number,
  job: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: width }, async () => {
    while (next < items.length) await job(items[next++]!);
  }));
}

async function stores(): Promise<void> {
  await using server = await serveGateway({ store: new MemoryStore() });
  console.log(`\nA memory store, served as ${server.url} (WebDAV: any client can mount it)\n`);
  const here = new LocalStore(root);
  const remote = new HttpStore(server.url);

  const files = (await Promise.all(FOLDERS.map((folder) => collect(here.list(folder))))).flat()
    .filter((meta) => !/(^|\/)(target|build|node_modules)\//.test(meta.location));
  const total = files.reduce((sum, meta) => sum + meta.size, 0);
  const started = performance.now();
  await inParallel(files, 16, async (meta) => {
    const { body } = await here.get(meta.location);
    await remote.put(meta.location, body);
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(2);
  say("put, streamed from disk", `${files.length} files of this repository, ${size(total)}, in ${seconds} s`);

  const { commonPrefixes } = await remote.listWithDelimiter("src");
  say("listWithDelimiter src", commonPrefixes.map((path) => path.slice(4)).join("  "));
  const listed = await collect(remote.list("src/store"));
  say("list src/store", `${listed.length} objects`);

  const meta = await remote.head("src/store/path.ts");
  say("head src/store/path.ts", `${size(meta.size)}, ETag ${meta.eTag}`);
  const text = await (await remote.get("src/store/path.ts")).text();
  say("get", `${text.split("\n").length} lines, the first: ${text.split("\n")[0]}`);
  const ranges = Array.from({ length: 20 }, (_, i) => ({ start: i * 100, end: i * 100 + 10 }));
  const pieces = await remote.getRanges("src/store/path.ts", ranges);
  say("getRanges, 20 of 10 bytes", `${pieces.length} pieces by one request`);

  await remote.copy("src/store/path.ts", "copies/path.ts");
  await remote.rename("copies/path.ts", "copies/moved.ts");
  say(
    "copy, then rename",
    (await collect(remote.list("copies"))).map((object) => object.location).join(", "),
  );
  const unchanged = await remote.get("copies/moved.ts", {
    ifNoneMatch: (await remote.head("copies/moved.ts")).eTag,
  })
    .catch((error) => error.name);
  say("get if changed", `${unchanged}`);
  const second = await remote.put("copies/moved.ts", "mine", { mode: "create" }).catch((error) => error.name);
  say("put, create only", `${second}`);

  const all = (await collect(remote.list())).map((object) => object.location);
  const outcomes = await collect(remote.deleteAll(all));
  say(
    "deleteAll",
    `${outcomes.filter((outcome) => outcome.ok).length} objects, ${
      (await collect(remote.list())).length
    } left`,
  );
}

console.log("storeport: object stores and WASI networking, behind one connector");
await stores();
await guests(say);
await serving(say);
console.log("");
