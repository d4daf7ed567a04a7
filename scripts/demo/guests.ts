/** The demo's guests: WebAssembly programs that talk to the embedded gateway, and to nobody else. */
import { hasJspi } from "../../src/wasi/abi/lower.ts";
import { type Guest, loadGuest } from "../../src/wasi/mod.ts";
import { serveGateway } from "../../src/gateway/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";

const DOWNLOAD = 64 * 2 ** 20;

/** Runs the committed guests; `say` prints a line. */
export async function guests(say: (action: string, outcome: string) => void): Promise<void> {
  if (!hasJspi()) {
    console.log("\nGuests: left out, this platform has no JSPI (Deno 2.9, Node 24 and Chromium 137 have it)");
    return;
  }
  const store = new MemoryStore();
  await using server = await serveGateway({ store });
  const net = [server.url];
  console.log(`\nWebAssembly guests. Each is given --net ${net.join(" --net ")}, and nothing else\n`);

  const object = await load("object-store/object-store.wasm");
  say("a Rust program with object_store", `imports ${object.imports.length} interfaces of WASI`);
  await show(say, object, [`${server.url}/`, "put", "notes/hello.txt", "written by a guest"], net);
  await show(say, object, [`${server.url}/`, "get", "notes/hello.txt"], net);
  say("the host sees it too", await (await store.get("notes/hello.txt")).text());

  await store.put("big.bin", new Uint8Array(DOWNLOAD));
  const client = await load("http/http.wasm");
  await show(say, client, ["download", `${server.url}/big.bin`], net);
  // One host that is not on the list, and one that is not even without a list.
  for (const url of ["http://example.com/", "http://169.254.169.254/latest/meta-data/"]) {
    await show(say, client, ["error", url], net);
  }
}

function load(path: string): Promise<Guest> {
  return loadGuest(new URL(`../../tests/guests/${path}`, import.meta.url));
}

/** Runs a guest and shows each line of its output when it comes, and what was refused. */
async function show(
  say: (action: string, outcome: string) => void,
  guest: Guest,
  args: readonly string[],
  net: readonly string[],
): Promise<void> {
  const action = args.map((arg) => arg.replace(/^http:\/\/127\.0\.0\.1:\d+/, "")).filter(Boolean).join(" ");
  let first = true;
  const decoder = new TextDecoder();
  let rest = "";
  const stdout = new WritableStream<Uint8Array>({
    write(bytes) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        say(first ? action : "", line);
        first = false;
      }
    },
  });
  const { exitCode } = await guest.run({
    args,
    net,
    stdout,
    stderr: "ignore",
    limits: { timeout: 30_000 },
    onDenied: ({ message }) => say("refused by the host", message),
  });
  if (rest !== "") say(first ? action : "", rest);
  else if (first) say(action, exitCode === 0 ? "done" : `exit code ${exitCode}`);
}
