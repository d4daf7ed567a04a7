/**
 * Prints what each entry point weighs for a browser (`deno bundle`, minified, each file gzipped), and fails where a
 * limit is exceeded. What counts is the first load: the entry and all that it imports statically. Below it stands what
 * the first use of an operation has loaded in all, and what everything weighs. `--chunks` lists the files.
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
  /** What is loaded late by the first use of an operation, until its result is there: names of source files. */
  readonly uses?: Readonly<Record<string, readonly string[]>>;
}

const external = ["node:*", "fast-xml-parser"];
const from = (path: string) => `export * from "../${path}";`;

/** Loaded with the first success, for the failures to come. */
const AFTER = ["again", "rare"];

const budgets: Readonly<Record<string, Budget>> = {
  "HttpStore + FetchConnector": {
    code:
      `export { HttpStore } from "../src/stores/http/mod.ts"; export { FetchConnector } from "../src/http/fetch.ts";`,
    limit: 6,
    goal: 8,
    external,
    uses: {
      "first get or head": ["read"],
      "first get, and what is then made ready for failures": ["read", ...AFTER],
      "first put": ["webdav"],
    },
  },
  // Not through mod.ts: the npm package says that its files have no side effects, which this bundler is not told.
  "./s3": {
    code: `export { S3Store } from "../src/stores/s3/store.ts";`,
    limit: 11,
    goal: 14,
    external,
    uses: {
      "first get or head": ["read"],
      "first get, and what is then made ready for failures": ["read", ...AFTER, "service_error", "correct"],
      "first get that is held against a checksum (AWS)": ["read", "verify"],
      "first put": ["put", "request_body"],
      "first put with a checksum (AWS)": ["put", "request_body", "crc"],
      "first list": ["listing"],
    },
  },
  "./memory": { code: from("src/stores/memory/mod.ts"), external },
  "everything in mod.ts": { code: from("mod.ts"), external },
  "fast-xml-parser, for what is not a listing": { code: `export { XMLParser } from "fast-xml-parser";` },
};

/**
 * For comparison. `deno bundle` fails on its browser files; this is what esbuild made of it, minified and gzipped
 * alike.
 */
const AWS_SDK =
  "   85.5 KiB  for comparison: @aws-sdk/client-s3 v3 with six commands, all of it at first load";

const root = new URL("../", import.meta.url);
const cache = new URL(".cache/", root);
await Deno.mkdir(cache, { recursive: true });

type Files = Map<string, Uint8Array<ArrayBuffer>>;

/** The files of a bundle by name, the entry first. */
async function bundle(code: string, external: readonly string[]): Promise<Files> {
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
    const files: Files = new Map();
    for (const file of names) files.set(file, await Deno.readFile(new URL(file, folder)));
    return files;
  } finally {
    await Deno.remove(entry);
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
}

/** The names of files and of all that they import statically. */
function reached(files: Files, entries: Iterable<string>): Set<string> {
  const loaded = new Set(entries);
  for (const name of loaded) {
    const code = new TextDecoder().decode(files.get(name));
    for (const [, imported] of code.matchAll(/(?:\bfrom|\bimport)\s*"\.\/([^"]+)"/g)) loaded.add(imported!);
  }
  return loaded;
}

/** The file that a source which is imported dynamically has become. */
function lateFile(files: Files, source: string): string {
  const found = [...files.keys()].filter((name) => new RegExp(`^${source}-[A-Z0-9]{8}\\.js$`).test(name));
  if (found.length === 1) return found[0]!;
  throw new Error(`Cannot weigh "${source}": ${found.length} files are of that name`);
}

async function gzipSize(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}

const kib = (bytes: number) => (bytes / 1024).toFixed(1);
let over = 0;
for (const [name, { code, limit = Infinity, goal, external = [], uses = {} }] of Object.entries(budgets)) {
  const files = await bundle(code, external);
  const sizes = new Map<string, number>();
  for (const [file, bytes] of files) sizes.set(file, await gzipSize(bytes));
  const weight = (names: Iterable<string>) => [...names].reduce((sum, name) => sum + sizes.get(name)!, 0);
  const [entry = ""] = files.keys();
  const first = reached(files, [entry]);
  const [loaded, all] = [weight(first), weight(files.keys())];
  const tooMuch = loaded > limit * 1024;
  if (tooMuch) over++;
  const notes = [
    first.size > 1 ? `${first.size} files` : "",
    limit === Infinity ? "" : tooMuch ? `OVER its limit of ${limit}` : `limit ${limit}`,
    goal === undefined || goal === limit
      ? ""
      : loaded <= goal * 1024
      ? `goal ${goal} reached`
      : `goal ${goal}`,
  ].filter((note) => note !== "");
  console.log(`${kib(loaded).padStart(7)} KiB  ${name}${notes.length > 0 ? `  (${notes.join(", ")})` : ""}`);
  for (const [use, sources] of Object.entries(uses)) {
    const late = reached(files, [...first, ...sources.map((source) => lateFile(files, source))]);
    console.log(`${kib(weight(late)).padStart(13)} KiB  with the ${use}`);
  }
  if (all > loaded) console.log(`${kib(all).padStart(13)} KiB  with everything`);
  if (!Deno.args.includes("--chunks")) continue;
  for (const [file, size] of sizes) {
    console.log(`${kib(size).padStart(19)} KiB  ${first.has(file) ? "first" : "later"}  ${file}`);
  }
}
console.log(AWS_SDK);
Deno.exit(over === 0 ? 0 : 1);
