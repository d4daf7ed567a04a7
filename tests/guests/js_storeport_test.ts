/** storeport inside a guest: the store conformance list on its own stores, over the fetch that our host carries. */
import { equal } from "node:assert/strict";
import { existsSync } from "node:fs";
import { serveGateway } from "../../src/gateway/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";
import { loadGuest } from "../../src/wasi/mod.ts";
import { guestPath } from "./hosts.ts";
import "../wasi/generator.ts";

async function conformance(url: string, lacks: string, net: readonly string[]): Promise<void> {
  const guest = await loadGuest(guestPath("js-storeport"));
  const args = ["conformance", url, lacks, "1024"];
  const { exitCode, stdout, stderr } = await guest.run({
    args,
    net,
    stdout: "pipe",
    stderr: "pipe",
    // Some cases make hundreds of requests at once, and the engine keeps all of each until it collects garbage.
    limits: { handles: 1_000_000, concurrentRequests: 1000 },
  });
  const lines = new TextDecoder().decode(stdout).split("\n");
  equal(lines.filter((line) => line.startsWith("failed ")).join("\n"), "failed 0");
  equal(exitCode, 0, new TextDecoder().decode(stderr));
}

function built(): boolean {
  const found = existsSync(guestPath("js-storeport"));
  if (!found) console.log('SKIPPED: guest "js-storeport" not built');
  return found;
}

Deno.test("the store list passes on a memory store inside a guest", async () => {
  if (built()) await conformance("memory:///", "version,signing,response", []);
});

Deno.test("the store list passes on an HTTP store inside a guest", async () => {
  if (!built()) return;
  await using gateway = await serveGateway({ store: new MemoryStore() });
  const lacks = "version,multipart,multipart-mode,multipart-ids,pages,signing,raw-keys,snapshot";
  await conformance(`${gateway.url}/`, lacks, [gateway.url]);
});
