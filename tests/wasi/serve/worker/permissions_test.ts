/** `workerPermissions: "narrow"`: a worker may do what its guest was granted, and that is enough. */
import assert from "node:assert/strict";
import { startOrigin } from "../../../guests/origin.ts";

const path = (name: string) => new URL(name, import.meta.url).pathname;
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

async function deno(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", "--unstable-worker-options", ...args],
    stdin: "null",
  }).output();
  assert.equal(code, 0, decode(stderr));
  return decode(stdout);
}

Deno.test("narrow: the worker itself has the permissions that its guest needs, and no others", async () => {
  const queries = {
    "net, granted": { name: "net", host: "127.0.0.1:9000" },
    "net, another port": { name: "net", host: "127.0.0.1:9001" },
    "net, another host": { name: "net", host: "example.com:443" },
    "net, a database": { name: "net", host: "db.internal:5432" },
    "read, granted": { name: "read", path: "/srv/data/x" },
    "write, read-only": { name: "write", path: "/srv/data/x" },
    "write, granted": { name: "write", path: "/srv/out/x" },
    "read, elsewhere": { name: "read", path: "/etc/passwd" },
    env: { name: "env" },
    run: { name: "run" },
    ffi: { name: "ffi" },
    sys: { name: "sys" },
  };
  const ask = async (options: unknown) => {
    const child = path("permissions_child.ts");
    const states = await deno(child, JSON.stringify(options), JSON.stringify(Object.values(queries)));
    const names = Object.keys(queries);
    return names.filter((_, i) => JSON.parse(states)[i] === "granted");
  };
  assert.deepEqual(await ask({}), []);
  const preopens = [{ host: "/srv/data", guest: "/data", readOnly: true }, {
    host: "/srv/out",
    guest: "/out",
  }];
  assert.deepEqual(await ask({ net: ["http://127.0.0.1:9000"], preopens }), [
    "net, granted",
    "read, granted",
    "write, granted",
  ]);
  assert.deepEqual(await ask({ net: [], sockets: { allow: ["db.internal:5432"] } }), ["net, a database"]);
  // What Deno's permissions cannot say is left to the policy.
  const wide = await ask({ net: ["*.example.com"] });
  assert.deepEqual(wide, ["net, granted", "net, another port", "net, another host", "net, a database"]);
});

Deno.test("narrow: a command in such a worker does what it was granted", async () => {
  const origin = await startOrigin();
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/f.txt`, "content");
    const run = (...args: string[]) =>
      deno(
        path("../../../../src/cli/main.ts"),
        "run",
        "--isolation",
        "worker",
        "--worker-permissions",
        "narrow",
        ...args,
      );
    const hello = path("../../../guests/hello/hello.wasm");
    assert.equal(await run("--dir", `${directory}::/d`, hello, "--", "cat-file", "/d/f.txt"), "content");
    assert.equal(await run("--env", "A=b", hello, "--", "env"), "A=b\n");
    const checks = path("../../../guests/checks/checks.wasm");
    const url = `http://${origin.address}/bytes/9`;
    assert.match(await run("--net", origin.address, checks, "--", "http_small", url, "2"), /ok http_small/);
  } finally {
    await Deno.remove(directory, { recursive: true });
    await origin.close();
  }
});
