/** What `deno run` must be given: the host itself needs nothing. */
import assert from "node:assert/strict";
import { startOrigin } from "../guests/origin.ts";

const child = new URL("permissions_child.ts", import.meta.url).pathname;
const guest = new URL("../guests/checks/checks.wasm", import.meta.url).pathname;

async function run(
  permissions: readonly string[],
  ...args: string[]
): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", ...permissions, child, guest, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

Deno.test("permissions: the guest's file is enough to load and run it, uncached", async () => {
  const { code, text } = await run([`--allow-read=${guest}`], "", "hello_stdout");
  assert.equal(code, 0, text);
  assert.match(text, /hello, world/);
});

Deno.test("permissions: with the network of one host a guest reaches that host", async () => {
  const origin = await startOrigin();
  try {
    const permissions = [`--allow-read=${guest}`, `--allow-net=${origin.address}`];
    const { code, text } = await run(
      permissions,
      origin.address,
      "http_small",
      `http://${origin.address}/bytes/9`,
      "2",
    );
    assert.equal(code, 0, text);
    assert.match(text, /ok http_small/);
    const denied = await run(
      [`--allow-read=${guest}`],
      origin.address,
      "http_error",
      `http://${origin.address}/`,
    );
    assert.match(denied.text, /HttpRequestDenied|DestinationIpProhibited/, denied.text);
  } finally {
    await origin.close();
  }
});

Deno.test("permissions: importing the host needs none, reads no environment and starts nothing", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      "--no-check",
      `
      const { loadGuest } = await import(${
        JSON.stringify(new URL("../../src/wasi/mod.ts", import.meta.url).href)
      });
      const loaded = Object.keys(globalThis).length;
      console.log(typeof loadGuest, loaded > 0);
    `,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  assert.match(new TextDecoder().decode(stdout), /function true/);
});
