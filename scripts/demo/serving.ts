/** The demo's servers: guests that answer HTTP. One reads a store through the host, one means no good. */
import { hasJspi } from "../../src/wasi/abi/lower.ts";
import { type GuestServer, listenGuest, loadGuest, type ServeStats } from "../../src/wasi/mod.ts";
import { serveGateway } from "../../src/gateway/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";

type Say = (action: string, outcome: string) => void;

const LARGE = 32 * 2 ** 20;
const AT_ONCE = 50;

/** Serves the committed handlers; `say` prints a line. */
export async function serving(say: Say): Promise<void> {
  if (!hasJspi()) return; // said by the guests' part
  await objectServer(say);
  await hostileGuest(say);
}

async function objectServer(say: Say): Promise<void> {
  const store = new MemoryStore();
  await store.put("reports/2026.csv", "region,total\nnorth,7\n", { attributes: { contentType: "text/csv" } });
  await store.put("reports/2025/old.csv", "region,total\n");
  await store.put("large.bin", new Uint8Array(LARGE));
  await using gateway = await serveGateway({ store });

  const guest = await loadGuest(new URL("../../examples/object-server/object-server.wasm", import.meta.url));
  await using server = guest.serve({ net: [gateway.url], env: { STORE_URL: gateway.url } });
  // In a program of one's own: Deno.serve(server.fetch).
  await using listening = await listenGuest(server, { listener: "node" });
  const { url } = listening;
  console.log(`\nAn object server in WebAssembly, ${url}. It is given --net ${gateway.url}, its store\n`);

  const file = `${url}/reports/2026.csv`;
  const listed = await (await fetch(`${url}/reports/`)).json();
  say("GET /reports/", `${listed.prefixes.join(" ")} ${listed.objects[0].path}, as JSON`);
  const whole = await fetch(file);
  const eTag = whole.headers.get("etag")!;
  say("GET /reports/2026.csv", `${whole.status} ${whole.headers.get("content-type")} ${eTag}`);
  expect(await whole.text(), "region,total\nnorth,7\n");
  const part = await fetch(file, { headers: { range: "bytes=13-17" } });
  say(
    "  with range: bytes=13-17",
    `${part.status} ${part.headers.get("content-range")}: ${await part.text()}`,
  );
  const unchanged = await fetch(file, { headers: { "if-none-match": eTag } });
  expect(unchanged.status, 304);
  say("  with if-none-match", `${unchanged.status} ${unchanged.statusText}${await unchanged.text()}`);
  const missing = await fetch(`${url}/none`);
  say("GET /none", `${missing.status} ${(await missing.text()).trim()}`);
  const started = performance.now();
  const { byteLength } = await (await fetch(`${url}/large.bin`)).arrayBuffer();
  expect(byteLength, LARGE);
  const rate = LARGE / 2 ** 20 / ((performance.now() - started) / 1000);
  say("GET /large.bin", `${LARGE / 2 ** 20} MiB through the guest, ${rate.toFixed(0)} MiB/s, streamed`);
  await together(AT_ONCE, file);
  say(`${AT_ONCE} requests at once`, "all answered, each by a fresh instance");
  say("stats()", told(server));
}

/** A guest on threads of its own: what goes wrong with one of its requests costs nobody else anything. */
async function hostileGuest(say: Say): Promise<void> {
  const guest = await loadGuest(new URL("../../tests/guests/serve/serve.wasm", import.meta.url));
  await using server = guest.serve({ isolation: "worker", workers: 2, requestTimeout: 1000 });
  await using listening = await listenGuest(server, { listener: "node" });
  console.log("\nA guest that means no good, served in two workers: --workers 2 --request-timeout 1s\n");
  expect(await (await fetch(`${listening.url}/hello`)).text(), "Hello, WASI!");
  const looping = fetch(`${listening.url}/loop`).then(async (response) => {
    await response.text();
    return response.status;
  });
  await together(AT_ONCE, `${listening.url}/hello`);
  expect(await looping, 504);
  say("GET /loop, which computes for ever", `504 in time, and ${AT_ONCE} others answered meanwhile`);
  const trap = await fetch(`${listening.url}/secret`);
  say("GET /secret, which panics", `${trap.status} ${(await trap.text()).trim().replace("\n", ", ")}`);
  say("stats()", told(server));
}

async function together(count: number, url: string): Promise<void> {
  await Promise.all(Array.from({ length: count }, async () => {
    const response = await fetch(url);
    await response.text();
    expect(response.status, 200);
  }));
}

function told(server: GuestServer): string {
  const { requests, responses, instances, traps, timeouts, bytesSent }: ServeStats = server.stats();
  const classes = Object.entries(responses).filter(([, count]) => count > 0);
  return `${requests} requests: ${classes.map(([name, count]) => `${count} × ${name}`).join(", ")}; ` +
    `${instances.created} instances, ${traps} traps, ${timeouts} timeouts, ${
      (bytesSent / 2 ** 20).toFixed(1)
    } MiB sent`;
}

function expect<T>(actual: T, wanted: T): void {
  if (actual !== wanted) {
    throw new Error(`The guest answered ${JSON.stringify(actual)}, not ${JSON.stringify(wanted)}`);
  }
}
