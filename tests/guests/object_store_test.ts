/** A guest on Rust's `object_store`, on our host, against our gateway. */
import { equal, fail, match } from "node:assert/strict";
import { serveGateway } from "../../src/gateway/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";
import { GuestTrapError, loadGuest } from "../../src/wasi/mod.ts";
import { guestPath } from "./hosts.ts";
import "../wasi/generator.ts";

async function run(args: readonly string[], net: readonly string[]) {
  const guest = await loadGuest(guestPath("object-store"));
  const env = { STORE_RETRIES: "1", STORE_TIMEOUT: "30 seconds" };
  try {
    const { exitCode, stdout, stderr } = await guest.run({ args, env, net, stdout: "pipe", stderr: "pipe" });
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    return { exitCode, out: out!, err: err! };
  } catch (error) {
    if (error instanceof GuestTrapError) fail(`${error.message}\n${error.guestStderr}`);
    throw error;
  }
}

Deno.test("object_store in a guest puts, gets, lists and copies on the gateway", async () => {
  await using gateway = await serveGateway({ store: new MemoryStore() });
  const { exitCode, out, err } = await run([`${gateway.url}/`, "tour"], [gateway.url]);
  equal(err, "");
  equal(exitCode, 0);
  for (
    const part of ["put-and-get", "ranges", "big", "conditional-get", "listing", "copies", "concurrently"]
  ) {
    match(out, new RegExp(`^ok ${part}$`, "m"));
  }
});

Deno.test("object_store in a guest says what went wrong", async () => {
  await using gateway = await serveGateway({ store: new MemoryStore() });
  const missing = await run([`${gateway.url}/`, "get", "nothing.txt"], [gateway.url]);
  equal(missing.exitCode, 1);
  match(missing.out, /^error not-found$/m);
  const denied = await run([`${gateway.url}/`, "get", "nothing.txt"], []);
  equal(denied.exitCode, 1);
  match(denied.err, /HttpRequestDenied/);
});
