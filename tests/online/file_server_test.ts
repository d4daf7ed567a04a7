/**
 * `HttpStore` against an HTTP server that is none of ours: the file server of `@std/http`, from JSR. Reading is all it
 * offers: ranges, ETags, conditions; writing and listing must be refused by name.
 */
import assert from "node:assert/strict";
import { FetchConnector, type HttpConnector, NodeHttpConnector } from "../../src/http/mod.ts";
import {
  GenericError,
  NotFoundError,
  NotModifiedError,
  NotSupportedError,
  PreconditionError,
} from "../../src/store/mod.ts";
import { HttpStore } from "../../src/stores/http/mod.ts";
import { jsrAnswers } from "../../scripts/npm/dnt.ts";

type ServeDir = (request: Request, options: { fsRoot: string; quiet: boolean }) => Promise<Response>;

/** The file server, or `undefined` where JSR cannot be reached. */
async function loadServeDir(): Promise<ServeDir | undefined> {
  if (!await jsrAnswers("https://jsr.io/@std/http/meta.json")) return undefined;
  // Not a literal: checking types must not ask JSR.
  const specifier = "jsr:@std/http@1/file-server";
  return (await import(specifier) as { serveDir: ServeDir }).serveDir;
}

const serveDir = await loadServeDir();
const TEXT = "0123456789".repeat(10_000);
const CONNECTORS: Readonly<Record<string, new () => HttpConnector>> = { FetchConnector, NodeHttpConnector };

for (const [name, Connector] of Object.entries(CONNECTORS)) {
  Deno.test(`HttpStore over ${name} reads from @std/http's file server`, async (t) => {
    if (serveDir === undefined) return console.log("SKIPPED: JSR does not answer");
    const fsRoot = await Deno.makeTempDir();
    await Deno.mkdir(`${fsRoot}/sub`);
    await Deno.writeTextFile(`${fsRoot}/sub/text.txt`, TEXT);
    await Deno.writeTextFile(`${fsRoot}/a b%.txt`, "odd name");
    await Deno.writeTextFile(`${fsRoot}/empty`, "");
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => serveDir(request, { fsRoot, quiet: true }),
    );
    const store = new HttpStore(`http://127.0.0.1:${server.addr.port}/`, { connector: new Connector() });
    try {
      await readCases(t, store);
      await refusalCases(t, store);
    } finally {
      store.close();
      await server.shutdown();
      await Deno.remove(fsRoot, { recursive: true });
    }
  });
}

async function readCases(t: Deno.TestContext, store: HttpStore): Promise<void> {
  await t.step("whole, with its metadata", async () => {
    const result = await store.get("sub/text.txt");
    assert.equal(result.meta.size, TEXT.length);
    assert.ok(result.meta.eTag);
    assert.ok(result.meta.lastModified.getTime() > 0);
    assert.equal(await result.text(), TEXT);
    assert.equal(await (await store.get("a b%.txt")).text(), "odd name");
    assert.equal(await (await store.get("empty")).text(), "");
  });
  await t.step("head says what get says", async () => {
    const { meta } = await store.get("sub/text.txt", { head: true });
    assert.deepEqual(await store.head("sub/text.txt"), meta);
  });
  await t.step("ranges, near and far ends", async () => {
    const range = async (range: { start: number; end: number } | { offset: number }) =>
      await (await store.get("sub/text.txt", { range })).text();
    assert.equal(await range({ start: 3, end: 15 }), "345678901234");
    assert.equal(await range({ offset: TEXT.length - 4 }), "6789");
    const pieces = await store.getRanges("sub/text.txt", [{ start: 0, end: 2 }, {
      start: 90_001,
      end: 90_004,
    }]);
    assert.deepEqual(pieces.map((piece) => new TextDecoder().decode(piece)), ["01", "123"]);
  });
  await t.step("conditions by ETag and by date", async () => {
    const { eTag, lastModified } = await store.head("sub/text.txt");
    await assert.rejects(store.get("sub/text.txt", { ifNoneMatch: eTag }), NotModifiedError);
    await assert.rejects(store.get("sub/text.txt", { ifModifiedSince: lastModified }), NotModifiedError);
    assert.equal(await (await store.get("sub/text.txt", { ifNoneMatch: '"other"' })).text(), TEXT);
  });
  await t.step("what is missing is not found", async () => {
    await assert.rejects(store.get("sub/missing"), NotFoundError);
    await assert.rejects(store.head("sub/missing"), NotFoundError);
  });
}

async function refusalCases(t: Deno.TestContext, store: HttpStore): Promise<void> {
  await t.step("it cannot be written to, and says so", async () => {
    for (const action of [() => store.put("new", "x"), () => store.delete("sub/text.txt")]) {
      await assert.rejects(action, (error) => {
        assert.ok(
          error instanceof NotSupportedError || error instanceof GenericError ||
            error instanceof PreconditionError,
          String(error),
        );
        return true;
      });
    }
    assert.equal((await store.head("sub/text.txt")).size, TEXT.length);
  });
}
