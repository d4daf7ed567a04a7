/** Operations on real servers through a proxy that cuts, stalls and loses: nothing lost or wrong, no upload left. */
import { strict as assert } from "node:assert";
import type { HttpConnector } from "../../src/http/connector.ts";
import { FetchConnector } from "../../src/http/fetch.ts";
import { NodeHttpConnector } from "../../src/http/node.ts";
import { S3Store } from "../../src/stores/s3/mod.ts";
import { startFaultyProxy, type TcpFault } from "../servers/faulty_proxy.ts";
import { S3_SERVERS, startS3 } from "../servers/s3.ts";
import { runWorkload } from "./s3/workload.ts";

// All of the ten thousand take a minute; the fake service of faults_test.ts sees as many each time.
const OPERATIONS = Number(Deno.env.get("STOREPORT_PROXY_OPERATIONS") ?? 500);

/** A fault for every connection, most of them only after some requests. */
function faults(): () => TcpFault | undefined {
  let state = 11;
  const random = (limit: number) => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % limit;
  return () => {
    const after = 200 + random(20_000);
    switch (random(8)) {
      case 0:
        return undefined;
      case 1:
        return { kind: "stall", after };
      case 2:
      case 3:
        return { kind: "cut-answer", after: random(2) * after };
      case 4:
      case 5:
        return { kind: "cut-answer", after };
      default:
        return { kind: "cut-request", after: 500 + random(12_000) };
    }
  };
}

const CONNECTORS: readonly (readonly [name: string, make: () => HttpConnector])[] = [
  ["node:http", () => new NodeHttpConnector()],
  ["fetch", () => new FetchConnector()],
];

// moto takes one request at a time, and makes up what is asked of uploads.
const cases = S3_SERVERS.filter(({ name }) => name !== "moto")
  .flatMap((server) => CONNECTORS.map((connector) => [server, ...connector] as const));
for (const [server, connector, connect] of cases) {
  Deno.test(`${OPERATIONS} operations by ${connector} on ${server.name} through a proxy that breaks`, async () => {
    const started = await startS3(server);
    if (started === undefined) return console.log(`SKIPPED: ${server.name} not installed`);
    await using running = started;
    const options = await running.bucket("faulty");
    await using proxy = startFaultyProxy(options.endpoint!, faults());
    using store = new S3Store({
      ...options,
      endpoint: proxy.url,
      connector: connect(),
      client: {
        allowHttp: true,
        firstByteTimeout: 800,
        readTimeout: 800,
        retry: { initBackoff: 2, maxBackoff: 20, maxRetries: 30, budget: false },
      },
    });
    await runWorkload(store, { operations: OPERATIONS, workers: 20 });
    const { struck } = proxy;
    assert.ok(
      Math.min(...Object.values(struck)) > 2,
      JSON.stringify(struck),
    );
    using direct = new S3Store(options);
    for await (const { location } of direct.list()) assert.fail(`left: ${location}`);
    // Where the answer to the start of an upload was lost nobody knows its id, and the sweep finds it.
    await direct.abortUploads("", new Date(Date.now() + 60_000));
    for await (const { path } of direct.listUploads()) assert.fail(`an upload is left: ${path}`);
  });
}
