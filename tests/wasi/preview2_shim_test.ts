/** Interfaces of preview2-shim beside ours, in a real guest. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { withEnv } from "./cases/mod.ts";

const CHILD = fileURLToPath(new URL("preview2_shim_child.ts", import.meta.url));
const guest = (path: string) => fileURLToPath(new URL(`../guests/${path}`, import.meta.url));

async function run(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", CHILD, ...args],
    env,
    stdin: "null",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test("preview2-shim: environment, clock and random numbers of its own, with our HTTP", () =>
  withEnv(async (env) => {
    const HTTP_SERVER = env.origin.address;
    // The server's address is in the shim's environment and nowhere else; the requests are ours.
    assert.match(
      await run([guest("checks/checks.wasm"), "values", "", "checks", "get"], { HTTP_SERVER }),
      /^ok get$/m,
    );
    assert.equal(env.origin.seen.length, 1);
    const hello = guest("hello/hello.wasm");
    assert.equal(await run([hello, "values", "", "hello", "env", "FROM"]), "FROM=the shim\n");
    assert.match(await run([hello, "values", "", "hello", "clock"]), /^\d{10,}\.\d{9} \d+$/m);
  }));

Deno.test("preview2-shim: files and streams of its own, resources included", () =>
  withEnv(async (env) => {
    const directory = await env.directory();
    await Deno.writeTextFile(`${directory}/a.txt`, "from disk");
    const hello = guest("hello/hello.wasm");
    assert.equal(await run([hello, "resources", directory, "cat-file", "/data/a.txt"]), "from disk");
    assert.equal(await run([hello, "resources", directory, "ls", "/data"]), "a.txt\n");
  }));
