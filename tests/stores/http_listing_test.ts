/** What {@linkcode HttpStore} lists: the multistatus documents of servers of all kinds. */
import { strict as assert } from "node:assert";
import { GenericError, InvalidPathError, PermissionDeniedError } from "../../src/store/error.ts";
import type { HttpStore } from "../../src/stores/http/mod.ts";
import { overServer } from "./http_support.ts";

const MULTISTATUS = (items: string) =>
  new Response(`<?xml version="1.0"?>\n<multistatus xmlns="DAV:">${items}</multistatus>\n`, {
    status: 207,
    headers: { "content-type": "application/xml" },
  });

const object = (href: string, size: number, more = "") =>
  `<response><href>${href}</href><propstat><prop><getcontentlength>${size}</getcontentlength><resourcetype/>${more}` +
  `</prop><status>HTTP/1.1 200 OK</status></propstat></response>`;

const directory = (href: string) =>
  `<response><href>${href}</href><propstat><prop><resourcetype><collection/></resourcetype></prop>` +
  `<status>HTTP/1.1 200 OK</status></propstat></response>`;

async function locations(store: HttpStore, prefix?: string): Promise<string[]> {
  return (await Array.fromAsync(store.list(prefix))).map(({ location, size }) => `${location}:${size}`)
    .sort();
}

overServer(
  "multistatus documents of all kinds",
  () =>
    MULTISTATUS(
      `<D:response xmlns:D="DAV:"><D:href>http://proxied.internal/b%20ase/sub/pre%25fixed</D:href><D:propstat><D:prop>` +
        `<D:getetag/><D:quota/></D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat><D:propstat><D:prop>` +
        `<D:getcontentlength> 12 </D:getcontentlength><D:resourcetype></D:resourcetype></D:prop>` +
        `<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>` +
        directory("/b%20ase/") + directory("/b%20ase/sub/") +
        object(
          "/b%20ase/a&amp;b&#x20;c",
          3,
          "<getetag>&quot;e&quot;</getetag><getlastmodified>nonsense</getlastmodified>",
        ) +
        `<response><href>/b%20ase/gone</href><status>HTTP/1.1 404 Not Found</status></response>`,
    ),
  async (store) => {
    assert.deepEqual(await locations(store), ["a&b c:3", "sub/pre%fixed:12"]);
    const [first] = await Array.fromAsync(store.list(undefined, { offset: "a" }));
    assert.ok(first);
    const { commonPrefixes, objects } = await store.listWithDelimiter();
    assert.deepEqual(commonPrefixes, ["sub"]);
    assert.deepEqual(objects.map(({ eTag, lastModified }) => [eTag, lastModified.getTime()]), [['"e"', 0]]);
  },
  { base: "/b%20ase///" },
);

overServer(
  "a server that lists one level at a time is walked",
  (request, { pathname }) => {
    if (request.headers.get("depth") !== "1") return new Response(null, { status: 403 });
    if (pathname === "/") {
      return MULTISTATUS(directory("/") + directory("/a/") + directory("/b/") + object("/top", 1));
    }
    if (pathname === "/a/") return MULTISTATUS(directory("/a/") + directory("/a/deep/") + object("/a/1", 2));
    if (pathname === "/a/deep/") {
      return MULTISTATUS(directory("/") + directory("/a/") + object("/a/deep/2", 3));
    }
    return new Response(null, { status: 404 });
  },
  async (store) => {
    assert.deepEqual(await locations(store), ["a/1:2", "a/deep/2:3", "top:1"]);
    assert.deepEqual(await locations(store, "a"), ["a/1:2", "a/deep/2:3"]);
    for await (const _ of store.list()) break;
  },
);

for (
  const [what, body] of [
    ["cut short", `<multistatus xmlns="DAV:">${object("/x", 1)}`],
    ["with a document type", `<!DOCTYPE m [<!ENTITY e "e">]><multistatus xmlns="DAV:"></multistatus>`],
    ["HTML", "<html><body>hello</body></html>"],
    ["empty", ""],
    ["not well-formed", `<multistatus><response><href>/x</response></multistatus>`],
  ] as const
) {
  overServer(`a listing that is ${what} fails`, () => new Response(body, { status: 207 }), async (store) => {
    await assert.rejects(() => locations(store), GenericError);
    await assert.rejects(() => store.listWithDelimiter(), GenericError);
  });
}

overServer(
  "listings of what is not below the base, or no path, or not to be seen, fail",
  (_, { pathname }) => {
    if (pathname === "/base/elsewhere/") return MULTISTATUS(object("/other/x", 1));
    if (pathname === "/base/slash/") return MULTISTATUS(object("/base/slash/a%2Fb", 1));
    if (pathname === "/base/control/") return MULTISTATUS(object("/base/control/a%0Ab", 1));
    return MULTISTATUS(`<response><href>/base/x</href><status>HTTP/1.1 403 Forbidden</status></response>`);
  },
  async (store) => {
    await assert.rejects(() => locations(store, "elsewhere"), GenericError);
    await assert.rejects(() => locations(store, "slash"), InvalidPathError);
    await assert.rejects(() => locations(store, "control"), InvalidPathError);
    assert.deepEqual(await Array.fromAsync(store.list("slash", { invalidPaths: "skip" })), []);
    assert.deepEqual(await Array.fromAsync(store.list("control", { invalidPaths: "skip" })), []);
    await assert.rejects(() => locations(store, "forbidden"), PermissionDeniedError);
  },
  { base: "/base" },
);

overServer(
  "a long listing is read as it comes",
  (_, { pathname }) => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const encode = (text: string) => controller.enqueue(new TextEncoder().encode(text));
        if (sent === 0) encode(`<?xml version="1.0"?><D:multistatus xmlns:D="DAV:">`);
        if (sent >= 20_000 && pathname === "/") {
          encode("</D:multistatus>");
          return controller.close();
        }
        let text = "";
        for (let i = 0; i < 500; i++) {
          text += object(`${pathname}é${sent++}`, 1).replace(/<(\/?)(\w)/g, "<$1D:$2");
        }
        encode(text);
      },
    });
    return new Response(body, { status: 207 });
  },
  async (store) => {
    assert.equal((await Array.fromAsync(store.list())).length, 20_000);
    // This one has no end.
    for await (const { location } of store.list("endless")) if (location.length > 13) break;
  },
);
