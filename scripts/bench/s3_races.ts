/**
 * The races of `S3Store` against its peers, and against the connectors it stands on. A program of its own that Deno and
 * Node run: takes the URL of the server (`s3_origin.ts`) and prints tables; the last line is the results as JSON.
 */
import { XMLParser } from "fast-xml-parser";
import process from "node:process";
import { FetchConnector } from "../../src/http/fetch.ts";
import { NodeHttpConnector } from "../../src/http/node.ts";
import { readListPage } from "../../src/stores/s3/list_page.ts";
import { S3Store } from "../../src/stores/s3/mod.ts";
import { type Contestant, inParallel, race, type RaceResult, residentMiB, type Target } from "./harness.ts";
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
const REQUESTS = 500;
const MIB = 2 ** 20;
const LARGE = 256 * MIB;

type Clients = Readonly<Record<string, BenchClient>>;
type Targets = Readonly<Record<string, Target[]>>;

/** What is to be reached over each peer. Those on `fetch` stand beside those on `fetch`; what users get is both. */
const PEERS = { "aws-sdk v3": 4, "minio-js": 1.8, aws4fetch: 2.5 };
const NO_WORSE = { "aws-sdk v3": 1, "minio-js": 1, aws4fetch: 1 };

async function races(url: string): Promise<RaceResult[]> {
  // First, while the process is small: later ones leave room that would hide what this takes.
  const results = [await millionKeys(url)];
  const clients: Clients = {
    "raw FetchConnector": rawClient(url, new FetchConnector()),
    "storeport on fetch": storeportClient(url, new FetchConnector()),
    "raw NodeHttpConnector": rawClient(url, new NodeHttpConnector()),
    "storeport on node": storeportClient(url, new NodeHttpConnector()),
    "aws-sdk v3": awsClient(url),
    "minio-js": minioClient(url),
    aws4fetch: aws4fetchClient(url),
  };
  // The same header lines as storeport sends, but signed once: what is left between them is what storeport does.
  const signedOnce: Clients = {
    "raw FetchConnector, signed once": rawClient(url, new FetchConnector(), true),
    "raw NodeHttpConnector, signed once": rawClient(url, new NodeHttpConnector(), true),
  };
  // Payloads are signed on plain HTTP; under TLS they are not, which this is instead. aws4fetch never signs any.
  const unsigned: Clients = {
    "storeport on fetch, unsigned payload": storeportClient(url, new FetchConnector(), {
      unsignedPayload: true,
    }),
    "storeport on node, unsigned payload": storeportClient(url, new NodeHttpConnector(), {
      unsignedPayload: true,
    }),
  };
  results.push(...await smallRequests({ ...clients, ...signedOnce }));
  results.push(await largeGet(clients));
  results.push(await largePut({ ...clients, ...unsigned }));
  results.push(await pageOfKeys(url));
  for (const client of Object.values({ ...clients, ...signedOnce, ...unsigned })) client.close?.();
  return results;
}

async function smallRequests(clients: Clients): Promise<RaceResult[]> {
  const bytes = new Uint8Array(SMALL);
  const jobs: Record<string, (client: BenchClient) => Promise<unknown>> = {
    GET: (client) => client.get(`bytes/${SMALL}`),
    PUT: (client) => client.put("small", bytes),
    HEAD: (client) => client.head(`bytes/${SMALL}`),
  };
  const targets: Targets = {
    "storeport on fetch": [
      { over: "raw FetchConnector", atLeast: 0.8 },
      { over: "raw FetchConnector, signed once", atLeast: 0.8 },
      ...overAll(PEERS),
    ],
    "storeport on node": [
      { over: "raw NodeHttpConnector", atLeast: 0.8 },
      { over: "raw NodeHttpConnector, signed once", atLeast: 0.8 },
      ...overAll(PEERS),
    ],
  };
  const results: RaceResult[] = [];
  for (const [method, job] of Object.entries(jobs)) {
    results.push(
      await race({
        name: `${method} ${SMALL} B, ${WIDTH} at a time`,
        amount: REQUESTS,
        unit: "req",
        rounds: 11,
        here: true,
        contestants: contestants(clients, (client) => inParallel(REQUESTS, WIDTH, () => job(client))),
        targets,
      }),
    );
  }
  return results;
}

async function largeGet(clients: Clients): Promise<RaceResult> {
  return await race({
    name: "GET 256 MiB into one buffer",
    amount: LARGE / MIB,
    unit: "MiB",
    rounds: 5,
    here: true,
    contestants: contestants(clients, async (client) => {
      const { length } = await client.get(`bytes/${LARGE}`);
      if (length !== LARGE) throw new Error(`Got ${length} bytes`);
    }),
    targets: {
      "storeport on fetch": [{ over: "raw FetchConnector", atLeast: 0.9 }, ...overAll(NO_WORSE)],
      "storeport on node": [{ over: "raw NodeHttpConnector", atLeast: 0.9 }, ...overAll(NO_WORSE)],
    },
  });
}

async function largePut(clients: Clients): Promise<RaceResult> {
  const large = new Uint8Array(LARGE).map((_, i) => i & 0xff);
  const signing = { "aws-sdk v3": 1, "minio-js": 1 };
  return await race({
    name: "PUT 256 MiB in parts of 8 MiB, 4 at a time",
    amount: LARGE / MIB,
    unit: "MiB",
    rounds: 5,
    here: true,
    contestants: contestants(clients, async (client) => await client.putParts?.("large", large, 8 * MIB)),
    targets: {
      "storeport on fetch": [{ over: "raw FetchConnector", atLeast: 0.9 }, ...overAll(signing)],
      "storeport on node": [{ over: "raw NodeHttpConnector", atLeast: 0.9 }, ...overAll(signing)],
      "storeport on fetch, unsigned payload": [
        { over: "raw FetchConnector", atLeast: 0.9 },
        ...overAll(NO_WORSE),
      ],
      "storeport on node, unsigned payload": [
        { over: "raw NodeHttpConnector", atLeast: 0.9 },
        ...overAll(NO_WORSE),
      ],
    },
  });
}

function contestants(clients: Clients, job: (client: BenchClient) => Promise<unknown>): Contestant[] {
  return Object.entries(clients).map(([name, client]) => ({ name, run: () => job(client) }));
}

function overAll(peers: Readonly<Record<string, number>>): Target[] {
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
    here: true,
    contestants: [
      { name: "fast-xml-parser", run: () => repeat(() => parser.parse(new TextDecoder().decode(page))) },
      { name: "storeport", run: () => repeat(() => readListPage(new Blob([page]).stream())) },
    ],
    targets: { storeport: { over: "fast-xml-parser", atLeast: 10 } },
  });
}

/**
 * A listing of a million keys, and how much memory it takes: beyond what the first 10,000 keys have taken, and beyond
 * what the first tenth has. Between the two the engine finds the size of its nursery (8 to 54 MiB on Deno 2.9, whatever
 * it is that makes garbage this fast); what a listing keeps would show in the second.
 */
async function millionKeys(url: string): Promise<RaceResult> {
  const store = new S3Store({
    bucket: "bench",
    endpoint: url,
    accessKeyId: "bench",
    secretAccessKey: "bench-secret",
    connector: new FetchConnector(),
    client: { allowHttp: true },
  });
  let [count, start, settled, peak] = [0, 0, 0, 0];
  const started = performance.now();
  for await (const _ of store.list()) {
    if (++count % 10_000 !== 0) continue;
    peak = Math.max(peak, residentMiB());
    if (count === 10_000) start = peak;
    if (count === 100_000) settled = peak;
  }
  const seconds = (performance.now() - started) / 1000;
  store.close();
  const grown = peak - settled;
  const name = "1,000,000 keys listed";
  console.log(
    `\n${name}\n  storeport ${count.toLocaleString("en")} keys in ${seconds.toFixed(1)} s, ${
      Math.round(count / seconds).toLocaleString("en")
    } keys/s\n  resident memory grew by ${(peak - start).toFixed(0)} MiB after 10,000 keys, by ${
      grown.toFixed(0)
    } MiB after 100,000  goal < 50 ${grown < 50 ? "reached" : "MISSED"}`,
  );
  const missed = grown < 50 ? [] : [`${name}: resident memory grew by ${grown.toFixed(0)} MiB`];
  return { race: name, rates: { storeport: count / seconds }, missed };
}

const [origin] = process.argv.slice(2);
if (origin === undefined) throw new Error("The URL of the server is missing");
console.log(JSON.stringify(await races(origin)));
// Peers keep connections, with no way to close them.
process.exit(0);
