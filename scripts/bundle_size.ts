/**
 * Prints what each entry point weighs in a browser bundle (`deno bundle`, minified, gzip) and fails where a budget is
 * exceeded. Packages that are loaded on demand are left out of the bundle and weighed on lines of their own.
 */

interface Budget {
  /** What a page would write. */
  readonly code: string;
  /** The most it may weigh, in KiB after gzip; none: shown only. */
  readonly limit?: number;
  /** Loaded on demand, or weighed apart. */
  readonly external?: readonly string[];
}

const onDemand = ["node:*", "fast-xml-parser"];

const budgets: Readonly<Record<string, Budget>> = {
  "HttpStore + FetchConnector": {
    code:
      `export { HttpStore } from "../src/stores/http/mod.ts"; export { FetchConnector } from "../src/http/fetch.ts";`,
    limit: 8,
    external: onDemand,
  },
  "everything in mod.ts": { code: `export * from "../mod.ts";`, external: onDemand },
  "fast-xml-parser (on demand)": { code: `export { XMLParser } from "fast-xml-parser";` },
};

const root = new URL("../", import.meta.url);
const folder = new URL(".cache/", root);
await Deno.mkdir(folder, { recursive: true });

async function bundle(code: string, external: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  const entry = new URL(`bundle_${crypto.randomUUID()}.ts`, folder);
  const output = new URL(`${entry.href}.js`);
  await Deno.writeTextFile(entry, code);
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["bundle", "--quiet", "--platform", "browser", "--minify", "--code-splitting"]
        .concat(external.flatMap((name) => ["--external", name]), ["-o", output.pathname, entry.pathname]),
      env: { NO_COLOR: "1" },
    }).output();
    if (!success) throw new Error(`Cannot bundle: ${new TextDecoder().decode(stderr)}`);
    return await Deno.readFile(output);
  } finally {
    await Deno.remove(entry);
    await Deno.remove(output).catch(() => {});
  }
}

async function gzipSize(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}

let over = 0;
for (const [name, { code, limit, external = [] }] of Object.entries(budgets)) {
  const kib = await gzipSize(await bundle(code, external)) / 1024;
  const verdict = limit === undefined
    ? ""
    : kib <= limit
    ? `  (budget ${limit})`
    : `  OVER its budget of ${limit}`;
  if (limit !== undefined && kib > limit) over++;
  console.log(`${kib.toFixed(1).padStart(7)} KiB  ${name}${verdict}`);
}
Deno.exit(over === 0 ? 0 : 1);
