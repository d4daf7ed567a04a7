/**
 * `S3Store` against its peers, and against the connectors it stands on, all on one minimal server (`s3_origin.ts`) in a
 * process of its own.
 */
import { XMLParser } from "fast-xml-parser";
import { FetchConnector } from "../../src/http/fetch.ts";
import { NodeHttpConnector } from "../../src/http/node.ts";
import { readListPage } from "../../src/stores/s3/list_page.ts";
import { S3Store } from "../../src/stores/s3/mod.ts";
import { type Contestant, inParallel, race, type RaceResult, residentMiB, type Target } from "./harness.ts";
import { startOrigin } from "./origin_process.ts";
import {
  aws4fetchClient,
  awsClient,
  type BenchClient,
  minioClient,
  rawClient,
  storeportClient,
} from "./s3_clients.ts";

const SMALL = 1024;
const WIDTH = 32;
const REQUESTS = 1000;
const MIB = 2 ** 20;
const LARGE = 256 * MIB;

/** What is to be reached over each peer, by the connector that stands on what the peer stands on. */
interface Peers {
  readonly node: Readonly<Record<string, number>>;
  readonly fetch: Readonly<Record<string, number>>;
}
const PEERS: Peers = { node: { "aws-sdk v3": 4, "minio-js": 1.8 }, fetch: { aws4fetch: 2.5 } };
const NO_WORSE: Peers = { node: { "aws-sdk v3": 1, "minio-js": 1 }, fetch: { aws4fetch: 1 } };

/** Runs the races. */
export async function s3(): Promise<RaceResult[]> {
  await using origin = await startOrigin("s3_origin.ts");
  const { url } = origin;
  const clients: Readonly<Record<string, BenchClient>> = {
    "raw FetchConnector": rawClient(url, new FetchConnector()),
    "storeport on fetch": storeportClient(url, new FetchConnector()),
    "raw NodeHttpConnector": rawClient(url, new NodeHttpConnector()),
    "storeport on node": storeportClient(url, new NodeHttpConnector()),
    "aws-sdk v3": awsClient(url),
    "minio-js": minioClient(url),
    aws4fetch: aws4fetchClient(url),
  };
  // Payloads are signed on plain HTTP; under TLS they are not, which this is instead.
  const unsigned = {
    "storeport on fetch, unsigned payload": storeportClient(url, new FetchConnector(), {
      unsignedPayload: true,
    }),
    "storeport on node, unsigned payload": storeportClient(url, new NodeHttpConnector(), {
      unsignedPayload: true,
    }),
  };
  const results: RaceResult[] = [];
  const bytes = new Uint8Array(SMALL);
  const small: Record<string, (client: BenchClient) => Promise<unknown>> = {
    GET: (client) => client.get(`bytes/${SMALL}`),
    PUT: (client) => client.put("small", bytes),
    HEAD: (client) => client.head(`bytes/${SMALL}`),
  };
  for (const [method, job] of Object.entries(small)) {
    results.push(
      await race({
        name: `${method} ${SMALL} B, ${WIDTH} at a time`,
        amount: REQUESTS,
        unit: "req",
        contestants: contestants(clients, (client) => inParallel(REQUESTS, WIDTH, () => job(client))),
        targets: targets(0.8, PEERS),
      }),
    );
  }
  results.push(
    await race({
      name: "GET 256 MiB into one buffer",
      amount: LARGE / MIB,
      unit: "MiB",
      rounds: 3,
      contestants: contestants(clients, async (client) => {
        const { length } = await client.get(`bytes/${LARGE}`);
        if (length !== LARGE) throw new Error(`Got ${length} bytes`);
      }),
      targets: targets(0.9, NO_WORSE),
    }),
  );
  const large = new Uint8Array(LARGE).map((_, i) => i & 0xff);
  results.push(
    await race({
      name: "PUT 256 MiB in parts of 8 MiB, 4 at a time",
      amount: LARGE / MIB,
      unit: "MiB",
      rounds: 3,
      contestants: contestants(
        { ...clients, ...unsigned },
        async (client) => await client.putParts?.("large", large, 8 * MIB),
      ),
      targets: {
        "storeport on fetch, unsigned payload": { over: "raw FetchConnector", atLeast: 0.9 },
        "storeport on node, unsigned payload": { over: "raw NodeHttpConnector", atLeast: 0.9 },
        "storeport on fetch": overPeers(NO_WORSE.fetch),
        "storeport on node": overPeers(NO_WORSE.node),
      },
    }),
  );
  results.push(await pageOfKeys(url));
  results.push(await millionKeys(url));
  for (const client of [...Object.values(clients), ...Object.values(unsigned)]) client.close?.();
  return results;
}

function contestants(
  clients: Readonly<Record<string, BenchClient>>,
  job: (client: BenchClient) => Promise<unknown>,
): Contestant[] {
  return Object.entries(clients).map(([name, client]) => ({ name, run: () => job(client) }));
}

type Targets = Readonly<Record<string, Target[]>>;

/** storeport against the connectors, and against its peers. */
function targets(raw: number, peers: Peers): Targets {
  return {
    "storeport on fetch": [{ over: "raw FetchConnector", atLeast: raw }, ...overPeers(peers.fetch)],
    "storeport on node": [{ over: "raw NodeHttpConnector", atLeast: raw }, ...overPeers(peers.node)],
  };
}

function overPeers(peers: Readonly<Record<string, number>>): Target[] {
  return Object.entries(peers).map(([over, atLeast]) => ({ over, atLeast }));
}

/** Reading a page that is in memory: the scanner against fast-xml-parser with the least it can be told. */
async function pageOfKeys(url: string): Promise<RaceResult> {
  const page = new Uint8Array(await (await fetch(`${url}/bench?list-type=2`)).arrayBuffer());
  const parser = new XMLParser({ ignoreAttributes: true, parseTagValue: false });
  const times = 50;
  const repeat = async (job: () => unknown) => {
    for (let i = 0; i < times; i++) await job();
  };
  return await race({
    name: "A page of 1,000 keys",
    amount: times,
    unit: "page",
    contestants: [
      { name: "fast-xml-parser", run: () => repeat(() => parser.parse(new TextDecoder().decode(page))) },
      { name: "storeport", run: () => repeat(() => readListPage(new Blob([page]).stream())) },
    ],
    targets: { storeport: { over: "fast-xml-parser", atLeast: 10 } },
  });
}

/** A listing of a million keys, and how much memory it takes. */
async function millionKeys(url: string): Promise<RaceResult> {
  const store = new S3Store({
    bucket: "bench",
    endpoint: url,
    accessKeyId: "bench",
    secretAccessKey: "bench-secret",
    connector: new FetchConnector(),
    client: { allowHttp: true },
  });
  const list = async (most: number) => {
    let [count, peak] = [0, residentMiB()];
    for await (const _ of store.list()) {
      if (++count % 20_000 === 0) peak = Math.max(peak, residentMiB());
      if (count === most) break;
    }
    return { count, peak };
  };
  await list(100_000);
  const before = residentMiB();
  const started = performance.now();
  const { count, peak } = await list(Infinity);
  const seconds = (performance.now() - started) / 1000;
  const grown = Math.max(0, peak - before);
  store.close();
  const name = "1,000,000 keys listed";
  console.log(
    `\n${name}\n  storeport ${count.toLocaleString("en")} keys in ${seconds.toFixed(1)} s, ${
      Math.round(count / seconds).toLocaleString("en")
    } keys/s\n  ${grown < 50 ? "reached" : "MISSED "} resident memory grew by ${
      grown.toFixed(0)
    } MiB (target < 50)`,
  );
  const missed = grown < 50 ? [] : [`${name}: resident memory grew by ${grown.toFixed(0)} MiB`];
  return { race: name, rates: { storeport: count / seconds }, missed };
}
