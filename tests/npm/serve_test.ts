/** Guests that serve and run in workers, from the package on Node. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { HOST_PACKAGE, project } from "../runtimes/project.ts";
import { ROOT } from "../runtimes/places.ts";
import { runNode } from "./tools.ts";

const guest = (path: string) => join(ROOT, "tests/guests", path);

const SCRIPT = `
  import { createServer } from "node:http";
  import { loadGuest, nodeHandler } from "@storeport/storeport/wasi";

  const [serve, loop, hello] = process.argv.slice(1);
  const guest = await loadGuest(serve);
  for (const isolation of ["inline", "worker"]) {
    const server = guest.serve({ isolation, workers: 2, requestTimeout: 3000 });
    const http = createServer(nodeHandler(server));
    await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
    const url = "http://127.0.0.1:" + http.address().port;
    const ask = async (path, init) => {
      const response = await fetch(url + path, init);
      return [response.status, await response.text()];
    };
    console.log(isolation, ...await ask("/hello"));
    const texts = await Promise.all(Array.from({ length: 20 }, async () => (await ask("/hello"))[1]));
    console.log(isolation, new Set(texts).size);
    const body = "x".repeat(300_000);
    console.log(isolation, (await ask("/echo", { method: "POST", body }))[1] === body);
    console.log(isolation, (await ask("/trap-before-set"))[0]);
    if (isolation === "worker") {
      console.log(isolation, (await ask("/loop"))[0], ...await ask("/hello"));
    }
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
    await server.shutdown();
  }
  const endless = (await loadGuest(loop)).run({ isolation: "worker", limits: { timeout: 300 } });
  console.log(await endless.catch((error) => error.limit));
  const { exitCode, stdout } = await (await loadGuest(hello)).run({
    isolation: "worker",
    args: ["cat"],
    stdin: "some input",
    stdout: "pipe",
  });
  console.log(exitCode, new TextDecoder().decode(stdout));
`;
const ARGS = [
  "--input-type=module",
  "--eval",
  SCRIPT,
  guest("serve/serve.wasm"),
  guest("wat/loop.wasm"),
  guest("hello/hello.wasm"),
];

for (const line of [24, 26] as const) {
  Deno.test(`guests serve and run in workers on Node ${line}`, async () => {
    const folder = await project("host", [HOST_PACKAGE]);
    const out = await runNode(line, ARGS, folder);
    assert.equal(
      out,
      [
        "inline 200 Hello, WASI!",
        "inline 1",
        "inline true",
        "inline 500",
        "worker 200 Hello, WASI!",
        "worker 1",
        "worker true",
        "worker 500",
        "worker 504 200 Hello, WASI!",
        "timeout",
        "0 some input",
        "",
      ].join("\n"),
    );
  });
}

Deno.test("on Node 22, which cannot suspend WebAssembly, loading a guest says so", async () => {
  const folder = await project("host", [HOST_PACKAGE]);
  const script = `import("@storeport/storeport/wasi").then(async ({ loadGuest }) => {
    const error = await loadGuest(process.argv[1]).catch((error) => error);
    console.log(error.name, error.message);
  });`;
  const out = await runNode(22, ["-e", script, guest("serve/serve.wasm")], folder);
  assert.match(out, /^NotSupportedError .*JSPI/);
});
