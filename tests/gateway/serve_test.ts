/** The gateway on a port, on both of the servers it knows, asked by curl and by bare sockets. */
import { strict as assert } from "node:assert";
import { createGateway, serveGateway } from "../../src/gateway/mod.ts";
import type { Listener } from "../../src/gateway/serve.ts";
import * as denoServer from "./deno_server.ts";
import * as nodeServer from "../../src/gateway/serve_node.ts";
import type { ObjectStore } from "../../src/store/object_store.ts";
import type { GetOptions, GetResult } from "../../src/store/types.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";

const SERVERS = { "Deno.serve": denoServer.listen, "node:http": nodeServer.listen };

async function listening(
  listen: typeof nodeServer.listen,
  store: ObjectStore,
): Promise<Listener & AsyncDisposable & { readonly url: string }> {
  const gateway = createGateway(store, { maxBodySize: 1_000_000 });
  const listener = await listen(gateway.fetch, { hostname: "127.0.0.1", port: 0 });
  return {
    ...listener,
    url: `http://127.0.0.1:${listener.port}`,
    [Symbol.asyncDispose]: () => listener.close(),
  };
}

async function hasCurl(): Promise<boolean> {
  try {
    return (await new Deno.Command("curl", { args: ["--version"], stdout: "null" }).output()).success;
  } catch {
    return false;
  }
}

/** Runs curl; resolves with what it printed, the status last. */
async function curl(...args: string[]): Promise<string> {
  const command = new Deno.Command("curl", { args: ["-sS", "-w", "|%{http_code}", ...args], stdin: "null" });
  const { stdout, stderr, success } = await command.output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Sends text over a socket and reads what comes until the other side closes, or `until` has come. */
async function raw(port: number, text: string, until?: RegExp): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    await connection.write(new TextEncoder().encode(text));
    let answer = "";
    const buffer = new Uint8Array(65_536);
    for (;;) {
      const read = await connection.read(buffer);
      if (read === null) return answer;
      answer += new TextDecoder("latin1").decode(buffer.subarray(0, read));
      if (until?.test(answer)) return answer;
    }
  } finally {
    connection.close();
  }
}

for (const [name, listen] of Object.entries(SERVERS)) {
  Deno.test(`curl against the gateway on ${name}`, async () => {
    if (!await hasCurl()) return console.log("SKIPPED: curl not installed");
    const folder = await Deno.makeTempDir();
    await using server = await listening(listen, new MemoryStore());
    const { url } = server;
    const file = `${folder}/up`;
    const bytes = new Uint8Array(300_000).map((_, i) => i % 251);
    await Deno.writeFile(file, bytes);
    assert.equal(await curl("-T", file, "-H", "content-type: x/y", `${url}/d/file%20name`), "|201");
    assert.equal(await curl("-T", file, `${url}/d/file%20name`), "|204");
    // Chunked, with "expect: 100-continue", and small.
    assert.equal(
      await curl("-X", "PUT", "-H", "transfer-encoding: chunked", "--data-binary", "abcdef", `${url}/s`),
      "|201",
    );
    assert.equal(
      await curl("-X", "PUT", "-H", "expect: 100-continue", "--data-binary", "abcdef", `${url}/s`),
      "|204",
    );
    assert.equal(await curl("-X", "PUT", "--data-binary", "", `${url}/none`), "|201");
    assert.equal(await curl(`${url}/s`), "abcdef|200");
    assert.equal(await curl("-r", "1-2", `${url}/s`), "bc|206");
    assert.equal(await curl("-r", "-2", `${url}/s`), "ef|206");
    assert.match(await curl("-r", "9-", `${url}/s`), /\|416$/);
    assert.match(
      await curl("-r", "0-0,2-3", `${url}/s`),
      /bytes 0-0\/6\r\n\r\na\r\n[^]*bytes 2-3\/6\r\n\r\ncd\r\n[^]*\|206$/,
    );
    assert.match(await curl("-I", `${url}/s`), /content-length: 6\r\n[^]*\|200$/i);
    assert.equal(await curl("-o", `${folder}/down`, `${url}/d/file%20name`), "|200");
    assert.deepEqual(await Deno.readFile(`${folder}/down`), bytes);
    await Deno.writeFile(`${folder}/down`, bytes.subarray(0, 100_000));
    // What a broken download is taken up with.
    assert.equal(await curl("-C", "-", "-o", `${folder}/down`, `${url}/d/file%20name`), "|206");
    assert.deepEqual(await Deno.readFile(`${folder}/down`), bytes);
    assert.match(await curl("--etag-save", `${folder}/etag`, `${url}/s`), /\|200$/);
    assert.equal(await curl("--etag-compare", `${folder}/etag`, `${url}/s`), "|304");
    assert.equal(await curl("-z", "+1 hour", `${url}/s`).then((answer) => answer.slice(-4)), "|200");
    const found = await curl("-X", "PROPFIND", "-H", "depth: infinity", `${url}/`);
    assert.match(found, /<D:href>\/d\/file%20name<\/D:href>[^]*<D:getcontentlength>300000<[^]*\|207$/);
    assert.equal(await curl("-X", "COPY", "-H", `destination: ${url}/copy`, `${url}/s`), "|201");
    assert.equal(await curl("-X", "MOVE", "-H", `destination: ${url}/moved`, `${url}/copy`), "|201");
    assert.equal(await curl("-X", "MKCOL", `${url}/new/`), "|201");
    assert.equal(await curl("-X", "DELETE", `${url}/d/`), "|204");
    assert.match(await curl(`${url}/d/file%20name`), /\|404$/);
    assert.match(await curl("-T", "-", `${url}/../etc/passwd`, "--path-as-is").catch(String), /\|40[05]$/);
    await Deno.remove(folder, { recursive: true });
  });

  Deno.test(`bad requests to the gateway on ${name}`, async () => {
    const store = new MemoryStore();
    await store.put("x", "inside");
    await using server = await listening(listen, store);
    const ask = (target: string, headers = "") =>
      raw(server.port, `GET ${target} HTTP/1.1\r\nhost: h\r\n${headers}connection: close\r\n\r\n`);
    for (const target of ["/a%00b", "/x%2f", "/%zz", "//x", "/a//x"]) {
      assert.match(await ask(target), /^HTTP\/1.1 400 /);
    }
    // Where the platform has taken dot segments out before we see them, they lead to what lies within.
    for (const target of ["/../x", "/a/../../x", "/%2e%2e/x", "/.%2E/x"]) {
      assert.match(await ask(target), /^HTTP\/1.1 (?:400 |200 [^]*inside$)/, target);
    }
    assert.match(await ask("/x", "range: bytes=1-2\r\nif-range: nonsense\r\n"), /^HTTP\/1.1 200 /);
    assert.match(await ask("/x"), /^HTTP\/1.1 200 [^]*content-length: 6[^]*inside$/i);
  });

  Deno.test(`an upload that is broken off leaves nothing, on ${name}`, async () => {
    const store = new MemoryStore();
    await using server = await listening(listen, store);
    const head = "PUT /half HTTP/1.1\r\nhost: h\r\n";
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await connection.write(new TextEncoder().encode(`${head}content-length: 100\r\n\r\nonly this`));
    connection.close();
    const chunked = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await chunked.write(
      new TextEncoder().encode(`${head}transfer-encoding: chunked\r\n\r\n9\r\nonly this\r\n`),
    );
    chunked.close();
    // A request that is answered after both tells that they have been looked at.
    for (let i = 0; i < 20; i++) {
      assert.match(
        await raw(server.port, "GET /half HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"),
        /^HTTP\/1.1 404 /,
      );
    }
  });

  Deno.test(`a client that goes away ends the read of the store, on ${name}`, async () => {
    const ended = Promise.withResolvers<void>();
    class Endless extends MemoryStore {
      override async get(path: string, options: GetOptions = {}): Promise<GetResult> {
        const result = await super.get(path, options);
        const body = new ReadableStream<Uint8Array>({
          pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
          cancel: () => ended.resolve(),
        }, { highWaterMark: 0 });
        const meta = { ...result.meta, size: 2 ** 40 };
        return { ...result, meta, range: { start: 0, end: 2 ** 40 }, attributes: {}, body };
      }
    }
    const store = new Endless();
    await store.put("x", "x");
    await using server = await listening(listen, store);
    await raw(server.port, "GET /x HTTP/1.1\r\nhost: h\r\n\r\n", /\0/);
    await ended.promise;
  });

  Deno.test(`a body that fails on the way is cut off, not ended, on ${name}`, async () => {
    class Failing extends MemoryStore {
      override async get(path: string, options: GetOptions = {}): Promise<GetResult> {
        const result = await super.get(path, options);
        let pulls = 0;
        const body = new ReadableStream<Uint8Array>({
          pull(controller) {
            if (pulls++ > 0) throw new Error("the disk went away");
            controller.enqueue(new Uint8Array(100_000));
          },
        }, { highWaterMark: 0 });
        const meta = { ...result.meta, size: 200_000 };
        return { ...result, meta, range: { start: 0, end: 200_000 }, attributes: {}, body };
      }
    }
    const store = new Failing();
    await store.put("x", "x");
    await using server = await listening(listen, store);
    const answer = await raw(server.port, "GET /x HTTP/1.1\r\nhost: h\r\n\r\n").catch((error) => {
      // A reset says it as well as an early end.
      assert.ok(error instanceof Deno.errors.ConnectionReset, String(error));
      return "";
    });
    assert.ok(answer.length < 200_000);
    assert.ok(!answer.includes("disk"));
  });
}

Deno.test("serveGateway tells where it is, lets requests end, and cuts off what lasts", async () => {
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  class Slow extends MemoryStore {
    override async get(path: string, options: GetOptions = {}): Promise<GetResult> {
      asked.resolve();
      await gate.promise;
      return await super.get(path, options);
    }
  }
  const store = new Slow();
  await store.put("x", "waited for");
  const server = await serveGateway({ store, basePath: "/base/" });
  assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+\/base$/);
  const response = fetch(`${server.url}/x`);
  await asked.promise;
  const stopped = server.shutdown();
  gate.resolve();
  assert.equal(await (await response).text(), "waited for");
  await stopped;
  await server.finished;
  await assert.rejects(fetch(`${server.url}/x`), TypeError);

  const never = new (class extends MemoryStore {
    override get(_path: string, options: GetOptions = {}): Promise<GetResult> {
      return new Promise((_, reject) => {
        asking.resolve();
        options.signal?.addEventListener("abort", () => reject(options.signal!.reason), { once: true });
      });
    }
  })();
  const asking = Promise.withResolvers<void>();
  const second = await serveGateway({ store: never });
  const cut = fetch(`${second.url}/x`);
  await asking.promise;
  await second.shutdown(10);
  const given = await cut;
  await given.text();
  assert.equal(given.status, 503);
});

Deno.test("a small body that nobody reads does not cost the connection", async () => {
  await using server = await serveGateway({ store: new MemoryStore() });
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const send = (text: string) => connection.write(new TextEncoder().encode(text));
  let seen = "";
  const until = async (mark: RegExp) => {
    const buffer = new Uint8Array(65536);
    while (!mark.test(seen)) {
      const count = await connection.read(buffer);
      if (count === null) assert.fail(`The connection ended: ${seen}`);
      seen += new TextDecoder().decode(buffer.subarray(0, count));
    }
  };
  const body = '<propfind xmlns="DAV:"><allprop/></propfind>';
  await send(`PROPFIND / HTTP/1.1\r\nhost: h\r\ndepth: 0\r\ncontent-length: ${body.length}\r\n\r\n`);
  // The head is looked at before the body comes.
  await new Promise((resolve) => setTimeout(resolve, 20));
  await send(body);
  await until(/207[^]*<\/(?:\w+:)?multistatus>/);
  await send("GET /none HTTP/1.1\r\nhost: h\r\n\r\n");
  await until(/HTTP\/1.1 404 /);
  connection.close();
});
