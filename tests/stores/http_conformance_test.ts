/** The store suite over {@linkcode HttpStore}: against our gateway with both connectors, and against real servers. */
import type { HttpConnector } from "../../src/http/connector.ts";
import { FetchConnector } from "../../src/http/fetch.ts";
import { NodeHttpConnector } from "../../src/http/node.ts";
import { serveGateway } from "../../src/gateway/mod.ts";
import { attributesCases } from "../../src/store/conformance/attributes.ts";
import { storeCases, type StoreFeature } from "../../src/store/conformance/mod.ts";
import { HttpStore } from "../../src/stores/http/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";
import { startApache } from "../servers/apache.ts";
import { startNginx } from "../servers/nginx.ts";
import type { RunningServer } from "../servers/process.ts";

const CONNECTORS: Readonly<Record<string, new () => HttpConnector>> = { FetchConnector, NodeHttpConnector };

/** What no WebDAV server has. */
const LACKS: readonly StoreFeature[] = [
  "version",
  "multipart",
  "multipart-mode",
  "multipart-ids",
  "pages",
  "signing",
  "raw-keys",
  "snapshot",
];

for (const [name, Connector] of Object.entries(CONNECTORS)) {
  Deno.test(`HttpStore over ${name} and the gateway`, async (t) => {
    await using server = await serveGateway({ store: new MemoryStore(), basePath: "/a%20base/%C3%A9" });
    const store = new HttpStore(`${server.url}/`, { connector: new Connector() });
    for (const { name, run } of storeCases) {
      await t.step(name, () => run({ store, lacks: LACKS }));
    }
    store.close();
  });
}

/** Cases that no client can pass: the server takes the headers of attributes, and forgets them. */
const FORGOTTEN: ReadonlySet<string> = new Set(attributesCases.map(({ name }) => name));

/** What servers that keep objects as files lack besides: order, and prefixes that vanish. */
const FILES: readonly StoreFeature[] = ["list-order", "no-directories", "etag"];

const SERVERS: readonly {
  readonly name: string;
  readonly start: () => Promise<RunningServer | undefined>;
  readonly lacks: readonly StoreFeature[];
  /** Cases that the server fails, whatever a client does. */
  readonly fails: readonly string[];
}[] = [
  // nginx heeds no conditions of a PUT or DELETE; the store finds out and refuses.
  {
    name: "nginx with dav-ext",
    start: startNginx,
    lacks: [...LACKS, ...FILES, "put-create", "update", "conditional-delete"],
    // It lists no names that begin with a dot.
    fails: ["a key may hold dots that are no dot segments"],
  },
  {
    name: "Apache mod_dav",
    start: startApache,
    lacks: [...LACKS, ...FILES],
    fails: [
      // It looks at the condition before it reads the body, and not again.
      "of racing creates one wins",
      // A PUT is answered without an ETag, and those of the first second are weak: they match nothing.
      "update replaces only the version named",
      "update of a missing object fails",
      "five writers that compare and swap lose no increment",
      "delete with ifMatch deletes only the version named",
    ],
  },
];

for (const { name, start, lacks, fails } of SERVERS) {
  Deno.test(`HttpStore over ${name}`, async (t) => {
    const running = await start();
    if (running === undefined) return console.log(`SKIPPED: ${name} not installed`);
    await using server = running;
    const store = new HttpStore(server.url, { connector: new FetchConnector() });
    for (const { name, run } of storeCases) {
      if (!FORGOTTEN.has(name) && !fails.includes(name)) await t.step(name, () => run({ store, lacks }));
    }
    store.close();
  });
}
