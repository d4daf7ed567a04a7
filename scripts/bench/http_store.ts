/** `HttpStore` and the connectors against what they stand on: raw `fetch` and raw `node:http`. */
import { Agent, request as nodeRequest } from "node:http";
import { createClient } from "../../src/http/client.ts";
import { FetchConnector } from "../../src/http/fetch.ts";
import { NodeHttpConnector } from "../../src/http/node.ts";
import { HttpStore } from "../../src/stores/http/mod.ts";
import { inParallel, race, type RaceResult } from "./harness.ts";
import { startOrigin } from "./origin_process.ts";

const SMALL = 1024;
const GETS = 1000;
const WIDTH = 32;
const LARGE = 256 * 2 ** 20;

/** Runs the races. */
export async function httpStore(): Promise<RaceResult[]> {
  await using origin = await startOrigin();
  const { url } = origin;
  const agent = new Agent({ keepAlive: true, maxSockets: WIDTH });
  const onFetch = new HttpStore(url, { connector: new FetchConnector() });
  const onNode = new HttpStore(url, { connector: new NodeHttpConnector() });
  const clients = [createClient(new FetchConnector()), createClient(new NodeHttpConnector())];
  const results: RaceResult[] = [];

  const gets = (job: () => Promise<unknown>) => () => inParallel(GETS, WIDTH, job);
  const path = `bytes/${SMALL}`;
  results.push(
    await race({
      name: `GET ${SMALL} B, ${WIDTH} at a time`,
      amount: GETS,
      unit: "req",
      rounds: 15,
      here: true,
      contestants: [
        { name: "raw fetch", run: gets(async () => (await fetch(`${url}/${path}`)).arrayBuffer()) },
        { name: "FetchConnector", run: gets(() => callBytes(clients[0]!, `${url}/${path}`)) },
        { name: "HttpStore on FetchConnector", run: gets(() => getBytes(onFetch, path)) },
        { name: "raw node:http", run: gets(() => rawNode(`${url}/${path}`, agent)) },
        { name: "NodeHttpConnector", run: gets(() => callBytes(clients[1]!, `${url}/${path}`)) },
        { name: "HttpStore on NodeHttpConnector", run: gets(() => getBytes(onNode, path)) },
      ],
      targets: {
        "HttpStore on FetchConnector": { over: "raw fetch", atLeast: 0.85 },
        "HttpStore on NodeHttpConnector": { over: "raw node:http", atLeast: 0.8 },
      },
    }),
  );

  const large = `bytes/${LARGE}`;
  results.push(
    await race({
      name: "256 MiB into one buffer",
      amount: LARGE / 2 ** 20,
      unit: "MiB",
      rounds: 5,
      here: true,
      contestants: [
        { name: "raw fetch, stream into a buffer", run: () => rawIntoBuffer(`${url}/${large}`) },
        { name: "raw fetch, arrayBuffer()", run: async () => (await fetch(`${url}/${large}`)).arrayBuffer() },
        { name: "HttpStore on FetchConnector", run: () => getBytes(onFetch, large) },
        { name: "HttpStore on NodeHttpConnector", run: () => getBytes(onNode, large) },
      ],
      targets: {
        "HttpStore on FetchConnector": { over: "raw fetch, stream into a buffer", atLeast: 0.9 },
        "HttpStore on NodeHttpConnector": { over: "raw fetch, stream into a buffer", atLeast: 0.9 },
      },
    }),
  );
  agent.destroy();
  for (const client of clients) client.close?.();
  return results;
}

async function getBytes(store: HttpStore, path: string): Promise<Uint8Array> {
  return await (await store.get(path)).bytes();
}

async function callBytes(client: ReturnType<typeof createClient>, url: string): Promise<Uint8Array> {
  return await (await client.call({ method: "GET", url, headers: [] })).bytes();
}

function rawNode(url: string, agent: Agent): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    nodeRequest(url, { agent }, (response) => {
      const chunks: Uint8Array[] = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve(chunks.length === 1 ? chunks[0]! : concatenate(chunks)));
      response.on("error", reject);
    }).on("error", reject).end();
  });
}

function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

async function rawIntoBuffer(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  const whole = new Uint8Array(Number(response.headers.get("content-length")));
  let at = 0;
  for await (const chunk of response.body!) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
