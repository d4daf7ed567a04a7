/** S3 from a page: bundled, in Chromium, signed by WebCrypto; the service checks the signatures. */
import { strict as assert } from "node:assert";
import { fileURLToPath } from "node:url";
import { FakeS3, KEYS } from "../stores/s3/fake/s3.ts";
import { launch } from "./browser.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What the page is told to do with the module that it imports. */
interface PageModule {
  readonly S3Store: typeof import("../../src/stores/s3/mod.ts").S3Store;
  readonly FetchConnector: typeof import("../../src/http/mod.ts").FetchConnector;
}

/** A server of the page and of the service beside it. */
interface Place extends AsyncDisposable {
  readonly origin: string;
  readonly service: FakeS3;
  /** Late files that were asked for. */
  readonly loaded: string[];
  /** Whether the page's files are gone. */
  gone: boolean;
}

async function serve(): Promise<Place> {
  const files = await bundle(
    `export { S3Store } from "${ROOT}src/stores/s3/store.ts";
     export { FetchConnector } from "${ROOT}src/http/fetch.ts";`,
  );
  const service = new FakeS3();
  const loaded: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/app/") return new Response("", { headers: { "content-type": "text/html" } });
    const file = place.gone ? undefined : files.get(pathname.slice("/app/".length));
    const name = /^\/app\/(\w+)-[A-Z0-9]{8}\.js$/.exec(pathname)?.[1];
    if (name !== undefined && name !== "chunk") loaded.push(name);
    if (file !== undefined) return new Response(file, { headers: { "content-type": "text/javascript" } });
    if (!pathname.startsWith("/bucket")) return new Response(null, { status: 404 });
    const body = new Uint8Array(await request.arrayBuffer());
    const response = await service.connect().call({
      method: request.method,
      url: request.url,
      headers: signedHeaders(request.headers),
      body: request.method === "PUT" ? body : undefined,
    });
    const bytes = request.method === "HEAD" ? null : await response.bytes();
    return new Response(bytes, {
      status: response.status,
      headers: response.headers.map(([name, value]): [string, string] => [name, value]),
    });
  });
  const place: Place = {
    origin: `http://127.0.0.1:${server.addr.port}`,
    service,
    loaded,
    gone: false,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
  return place;
}

Deno.test("browser: a page signs by WebCrypto, and loads no more than it uses", async () => {
  await using page = await launch();
  if (page === undefined) return console.log("SKIPPED: chromium not installed");
  await using place = await serve();
  const { origin, service, loaded } = place;
  await page.goto(`${origin}/app/`);
  const seen = await page.evaluate(async ({ origin, keys }) => {
    const { S3Store } = await import(`${origin}/app/main.js`) as PageModule;
    const store = new S3Store({ bucket: "bucket", endpoint: origin, region: "us-east-1", ...keys });
    const text = "ä".repeat(10);
    await store.put("a/b c+d", text, { attributes: { contentType: "text/plain", metadata: { k: "v" } } });
    const result = await store.get("a/b c+d");
    const { contentType, metadata } = result.attributes;
    const part = await (await store.get("a/b c+d", { range: { start: 2, end: 4 } })).text();
    const missing = await store.get("nothing").then(() => "found", (error: Error) => error.name);
    const listed: string[] = [];
    for await (const { location } of store.list("a")) listed.push(location);
    return { text: await result.text(), contentType, metadata, part, missing, listed };
  }, { origin, keys: KEYS });

  assert.deepEqual(seen, {
    text: "ä".repeat(10),
    contentType: "text/plain",
    metadata: { k: "v" },
    part: "ä",
    missing: "NotFoundError",
    listed: ["a/b c+d"],
  });
  assert.ok(service.requests.length >= 5);
  for (const { headers } of service.requests) assert.ok(headers.some(([name]) => name === "authorization"));
  // What the first put, get and list load, what is made ready for failures, and what this place alone asks for: plain
  // HTTP to loopback, a port of its own. Nothing that hashes, and no parser for the error document.
  assert.deepEqual(loaded.toSorted(), [
    ...["again", "correct", "listing", "loopback", "prepare", "put", "rare", "read"],
    ...["request_body", "service_error"],
  ]);
});

Deno.test("browser: a page whose own server is gone is told so by errors of the store", async () => {
  await using page = await launch();
  if (page === undefined) return console.log("SKIPPED: chromium not installed");
  await using place = await serve();
  const { origin } = place;
  await page.goto(`${origin}/app/`);
  await page.evaluate(async (origin) => void await import(`${origin}/app/main.js`), origin);
  place.gone = true;
  const seen = await page.evaluate(async ({ origin, keys }) => {
    const { S3Store, FetchConnector } = await import(`${origin}/app/main.js`) as PageModule;
    const store = new S3Store({ bucket: "bucket", endpoint: origin, region: "us-east-1", ...keys });
    const message = (error: Error) => `${error.name}: ${error.message}`;
    let cancelled = false;
    const stream = () => new ReadableStream({ cancel: () => void (cancelled = true) });
    const service = new FetchConnector().connect();
    const list = async () => {
      for await (const _ of store.list()) break;
    };
    return {
      get: await store.get("a").then(() => "", message),
      head: await store.head("a").then(() => "", message),
      put: await store.put("a", stream()).then(() => "", message),
      cancelled,
      delete: await store.delete("a").then(() => "", message),
      list: await list().then(() => "", message),
      call: await service.call({ method: "PUT", url: `${origin}/x`, headers: [], body: { stream: stream() } })
        .then(() => "", (error) => `${error.kind} ${message(error)}`),
    };
  }, { origin, keys: KEYS });
  assert.match(seen.get, /^GenericError: Cannot get "a": /);
  assert.match(seen.head, /^GenericError: Cannot get the head of "a": /);
  assert.match(seen.put, /^GenericError: Cannot put "a": /);
  assert.ok(seen.cancelled);
  assert.match(seen.delete, /^GenericError: Cannot delete "a": /);
  assert.match(seen.list, /^GenericError: Cannot list: /);
  assert.match(seen.call, /^connect HttpError: Cannot send PUT: /);
});

Deno.test("browser: what could not be loaded is loaded once it is there", async () => {
  await using page = await launch();
  if (page === undefined) return console.log("SKIPPED: chromium not installed");
  await using place = await serve();
  const { origin } = place;
  await page.goto(`${origin}/app/`);
  await page.evaluate(async ({ origin, keys }) => {
    const { S3Store } = await import(`${origin}/app/main.js`) as PageModule;
    const store = new S3Store({ bucket: "bucket", endpoint: origin, region: "us-east-1", ...keys });
    const outcome = () =>
      store.put("a", "b").then(() => store.get("a")).then((result) => result.text())
        .catch((error: Error) => error.name);
    Object.assign(globalThis, { outcome });
  }, { origin, keys: KEYS });
  const outcome = () =>
    page.evaluate(() => (globalThis as unknown as { outcome: () => Promise<string> }).outcome());
  place.gone = true;
  assert.equal(await outcome(), "GenericError");
  place.gone = false;
  assert.equal(await outcome(), "b");
});

/**
 * Those that the page signed, and its signature: the browser adds others, and the service looks at all that it gets.
 */
function signedHeaders(headers: Headers): [name: string, value: string][] {
  const signed = /SignedHeaders=([^,]+)/.exec(headers.get("authorization") ?? "")?.[1]?.split(";") ?? [];
  return [...headers].filter(([name]) =>
    name !== "host" && (name === "authorization" || signed.includes(name))
  );
}

async function bundle(code: string): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const folder = await Deno.makeTempDir({ dir: `${ROOT}.cache`, prefix: "s3-page-" });
  try {
    await Deno.writeTextFile(`${folder}/main.ts`, code);
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["bundle", "--quiet", "--platform", "browser", "--code-splitting", "--external", "node:*"]
        .concat(["--outdir", `${folder}/out`, `${folder}/main.ts`]),
      env: { NO_COLOR: "1" },
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    for await (const { name } of Deno.readDir(`${folder}/out`)) {
      files.set(name, await Deno.readFile(`${folder}/out/${name}`));
    }
    return files;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
