/** Guests that compute for ever in workers of Deno, which does not end a thread that computes: their epoch does. */
import "../generator.ts";
import assert from "node:assert/strict";

/** Runs `endless_child.ts`, which only ends where no thread of its goes on. */
async function lines(...guests: string[]): Promise<string[]> {
  const child = new URL("endless_child.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", child, ...guests],
    signal: AbortSignal.timeout(90_000),
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trimEnd().split("\n");
}

Deno.test("endless: in a loop, a start function, realloc, post-return, calls of the host, and calls alone", async () => {
  const forms = ["loop", "endless-start", "endless-realloc", "endless-post-return", "endless-calls"];
  const guests = [...forms, "endless-doubling"].map((name) => `wat/${name}`);
  assert.deepEqual(await lines(...guests), guests.map((path) => `${path} timeout aborted`));
});

Deno.test("endless: a handler, at its deadline and when the server is stopped", async () => {
  assert.deepEqual(await lines("serve/serve"), ["serve/serve 504 503"]);
});

Deno.test("endless: a handler in JavaScript", async () => {
  try {
    await Deno.stat(new URL("../../guests/build/js-serve.wasm", import.meta.url));
  } catch {
    return console.log("SKIPPED: guest js-serve not installed (deno task guests --on-demand)");
  }
  assert.deepEqual(await lines("build/js-serve"), ["build/js-serve 504 503"]);
});
