/** `HttpStore` and the connectors against what they stand on: raw `fetch` and raw `node:http`. */
import { Agent, request as nodeRequest } from "node:http";
import { createClient } from "../../src/http/client.ts";
import { FetchConnector } from "../../src/http/fetch.ts";
import { NodeHttpConnector } from "../../src/http/node.ts";
import { HttpStore } from "../../src/stores/http/mod.ts";
import { here, inParallel, race, type RaceResult } from "./harness.ts";
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
      contestants: [
        here("raw fetch", gets(async () => (await fetch(`${url}/${path}`)).arrayBuffer())),
        here("FetchConnector", gets(() => callBytes(clients[0]!, `${url}/${path}`))),
        here("HttpStore on FetchConnector", gets(() => getBytes(onFetch, path))),
        here("raw node:http", gets(() => rawNode(`${url}/${path}`, agent))),
        here("NodeHttpConnector", gets(() => callBytes(clients[1]!, `${url}/${path}`))),
        here("HttpStore on NodeHttpConnector", gets(() => getBytes(onNode, path))),
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
      contestants: [
        here("raw fetch, stream into a buffer", () => rawIntoBuffer(`${url}/${large}`)),
        here("raw fetch, arrayBuffer()", async () => (await fetch(`${url}/${large}`)).arrayBuffer()),
        here("HttpStore on FetchConnector", () => getBytes(onFetch, large)),
        here("HttpStore on NodeHttpConnector", () => getBytes(onNode, large)),
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
