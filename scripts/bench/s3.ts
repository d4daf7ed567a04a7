/** Runs the S3 races (`s3_races.ts`) in Deno and in Node, each in a process of its own, on one minimal server. */
import type { RaceResult } from "./harness.ts";
import { startOrigin } from "./origin_process.ts";

const races = new URL("s3_races.ts", import.meta.url);
const root = new URL("../../", import.meta.url);

/** Runs the races. */
export async function s3(): Promise<RaceResult[]> {
  await using origin = await startOrigin("s3_origin.ts");
  const results = await run("Deno", Deno.execPath(), ["run", "-A", "--quiet", races.href, origin.url]);
  if (!await hasNode()) {
    console.log("\nSKIPPED: node not installed");
    return results;
  }
  const bundle = await bundleForNode();
  try {
    results.push(...await run("Node", "node", [new URL("main.js", bundle).pathname, origin.url]));
  } finally {
    await Deno.remove(bundle, { recursive: true });
  }
  return results;
}

/** Runs a program that prints tables and ends with its results as JSON. */
async function run(runtime: string, command: string, args: readonly string[]): Promise<RaceResult[]> {
  console.log(`\n-- ${runtime} --`);
  const child = new Deno.Command(command, { args: [...args], stdout: "piped" }).spawn();
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      if (line.startsWith("[")) rest = line + "\n" + rest;
      else console.log(line);
    }
  }
  const { code } = await child.status;
  if (code !== 0) throw new Error(`The races ended in ${runtime} with ${code}`);
  const results = JSON.parse(rest) as RaceResult[];
  const named = (text: string) => `${runtime}: ${text}`;
  return results.map((result) => ({
    ...result,
    race: named(result.race),
    missed: result.missed.map(named),
  }));
}

/** One folder that Node can run: the same sources and packages as Deno's. */
async function bundleForNode(): Promise<URL> {
  const folder = new URL(`.cache/bench_${crypto.randomUUID()}/`, root);
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(new URL("package.json", folder), `{ "type": "module" }`);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "deno", "--code-splitting", "--outdir", folder.pathname]
      .concat(races.pathname),
    env: { NO_COLOR: "1" },
  }).output();
  if (!success) throw new Error(`Cannot bundle for Node: ${new TextDecoder().decode(stderr)}`);
  const entry = new URL("s3_races.js", folder);
  await Deno.rename(entry, new URL("main.js", folder));
  return folder;
}

async function hasNode(): Promise<boolean> {
  try {
    return (await new Deno.Command("node", { args: ["--version"] }).output()).success;
  } catch {
    return false;
  }
}
