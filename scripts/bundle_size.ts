/**
 * Prints what each entry point weighs for a browser (`deno bundle`, minified, each file gzipped), and fails where a
 * limit is exceeded. What counts is the first load: the entry and all that it imports statically. What is loaded by
 * dynamic import when it is needed is shown beside it. `--chunks` lists the files.
 */

interface Budget {
  /** What a page would write. */
  readonly code: string;
  /** The most that the first load may weigh, in KiB after gzip; none: shown only. */
  readonly limit?: number;
  /** What is to be reached one day, where the limit is above it. */
  readonly goal?: number;
  /** Weighed on a line of its own. */
  readonly external?: readonly string[];
}

const external = ["node:*", "fast-xml-parser"];
const from = (path: string) => `export * from "../${path}";`;

const budgets: Readonly<Record<string, Budget>> = {
  "HttpStore + FetchConnector": {
    code:
      `export { HttpStore } from "../src/stores/http/mod.ts"; export { FetchConnector } from "../src/http/fetch.ts";`,
    limit: 18,
    goal: 8,
    external,
  },
  // Not through mod.ts: the npm package says that its files have no side effects, which this bundler is not told.
  "./s3": { code: `export { S3Store } from "../src/stores/s3/store.ts";`, limit: 38, goal: 14, external },
  "./memory": { code: from("src/stores/memory/mod.ts"), external },
  "everything in mod.ts": { code: from("mod.ts"), external },
  "fast-xml-parser, for listings": { code: `export { XMLParser } from "fast-xml-parser";` },
};

const root = new URL("../", import.meta.url);
const cache = new URL(".cache/", root);
await Deno.mkdir(cache, { recursive: true });

/** The files of a bundle by name, the entry first. */
async function bundle(
  code: string,
  external: readonly string[],
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const name = `bundle_${crypto.randomUUID()}`;
  const entry = new URL(`${name}.ts`, cache);
  const folder = new URL(`${name}/`, cache);
  await Deno.writeTextFile(entry, code);
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["bundle", "--quiet", "--platform", "browser", "--minify", "--code-splitting"]
        .concat(external.flatMap((name) => ["--external", name]), [
          "--outdir",
          folder.pathname,
          entry.pathname,
        ]),
      env: { NO_COLOR: "1" },
    }).output();
    if (!success) throw new Error(`Cannot bundle: ${new TextDecoder().decode(stderr)}`);
    const names = [...Deno.readDirSync(folder)].map((file) => file.name);
    names.sort((a, b) => Number(b === `${name}.js`) - Number(a === `${name}.js`));
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    for (const file of names) files.set(file, await Deno.readFile(new URL(file, folder)));
    return files;
  } finally {
    await Deno.remove(entry);
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
}

/** The names of an entry and all that it imports statically. */
function firstLoad(files: Map<string, Uint8Array<ArrayBuffer>>): Set<string> {
  const [entry = ""] = files.keys();
  const loaded = new Set([entry]);
  for (const name of loaded) {
    const code = new TextDecoder().decode(files.get(name));
    for (const [, imported] of code.matchAll(/(?:\bfrom|\bimport)\s*"\.\/([^"]+)"/g)) loaded.add(imported!);
  }
  return loaded;
}

async function gzipSize(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}

const kib = (bytes: number) => (bytes / 1024).toFixed(1);
let over = 0;
for (const [name, { code, limit = Infinity, goal, external = [] }] of Object.entries(budgets)) {
  const files = await bundle(code, external);
  const first = firstLoad(files);
  let [loaded, onDemand] = [0, 0];
  const lines: string[] = [];
  for (const [file, bytes] of files) {
    const size = await gzipSize(bytes);
    if (first.has(file)) loaded += size;
    else onDemand += size;
    lines.push(`${kib(size).padStart(13)} KiB  ${first.has(file) ? "first" : "later"}  ${file}`);
  }
  const tooMuch = loaded > limit * 1024;
  if (tooMuch) over++;
  const notes = [
    onDemand > 0 ? `${kib(onDemand)} KiB more on demand` : "",
    limit === Infinity ? "" : tooMuch ? `OVER its limit of ${limit}` : `limit ${limit}`,
    goal === undefined || goal === limit
      ? ""
      : loaded <= goal * 1024
      ? `goal ${goal} reached`
      : `goal ${goal}`,
  ].filter((note) => note !== "");
  console.log(`${kib(loaded).padStart(7)} KiB  ${name}${notes.length > 0 ? `  (${notes.join(", ")})` : ""}`);
  if (Deno.args.includes("--chunks")) console.log(lines.join("\n"));
}
Deno.exit(over === 0 ? 0 : 1);
