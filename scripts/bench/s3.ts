/**
 * The races of `S3Store` against its peers, and against the connectors it stands on, in Deno and in Node. Each
 * contestant has a process of its own, as in its users' programs: in one process, whoever runs pays for what the others
 * have taught the engine about the code they share, and for their garbage.
 */
import { type Contestant, race, type RaceResult, type Sample, type Target } from "./harness.ts";
import { type OriginProcess, startOrigin } from "./origin_process.ts";
import { type Program, startProgram } from "./program.ts";
import type { ClientName } from "./s3_clients.ts";
import { type Job, LARGE, PAGES, REQUESTS } from "./s3_jobs.ts";
import type { KeysListed } from "./s3_million_keys.ts";

const MIB = 2 ** 20;
const root = new URL("../../", import.meta.url);

/** Starts a program of this folder. */
type Start = (script: "s3_contestant" | "s3_million_keys", ...args: string[]) => Program;

/** Runs the races. */
export async function s3(): Promise<RaceResult[]> {
  await using origin = await startOrigin("s3_origin.ts");
  const results = await races("Deno", origin, (script, ...args) => {
    const { href } = new URL(`${script}.ts`, import.meta.url);
    return startProgram(Deno.execPath(), ["run", "-A", "--quiet", href, ...args]);
  });
  if (!await hasNode()) {
    console.log("\nSKIPPED: node not installed");
    return results;
  }
  const bundle = await bundleForNode();
  try {
    const start: Start = (script, ...args) =>
      startProgram("node", ["--no-warnings", new URL(`${script}.js`, bundle).pathname, ...args]);
    results.push(...await races("Node", origin, start));
  } finally {
    await Deno.remove(bundle, { recursive: true });
  }
  return results;
}

/** What is to be reached over each peer. Those on `fetch` stand beside those on `fetch`; what users get is both. */
const PEERS = { "aws-sdk v3": 4, "minio-js": 1.8, aws4fetch: 2.5 };
const NO_WORSE = { "aws-sdk v3": 1, "minio-js": 1, aws4fetch: 1 };

const CLIENTS: readonly ClientName[] = [
  "raw FetchConnector",
  "storeport on fetch",
  "raw NodeHttpConnector",
  "storeport on node",
  "aws-sdk v3",
  "minio-js",
  "aws4fetch",
];
// The same header lines as storeport sends, but signed once: what is left between them is what storeport does.
const SIGNED_ONCE: readonly ClientName[] = [
  "raw FetchConnector, signed once",
  "raw NodeHttpConnector, signed once",
];
// Payloads are signed on plain HTTP; under TLS they are not, which this is instead. aws4fetch never signs any.
const UNSIGNED: readonly ClientName[] = [
  "storeport on fetch, unsigned payload",
  "storeport on node, unsigned payload",
];

async function races(runtime: string, { url }: OriginProcess, start: Start): Promise<RaceResult[]> {
  console.log(`\n-- ${runtime} --`);
  const run = (job: Job, clients: readonly ClientName[], goals: S3Race) =>
    raceClients({ ...goals, name: `${runtime}: ${goals.name}` }, job, clients, url, start);
  const results = [await millionKeys(runtime, start("s3_million_keys", url))];
  for (const method of ["GET", "PUT", "HEAD"] as const) {
    results.push(await run(method, [...CLIENTS, ...SIGNED_ONCE], smallRequests(method)));
  }
  results.push(await run("GET large", CLIENTS, largeGet));
  results.push(await run("PUT large", [...CLIENTS, ...UNSIGNED], largePut));
  results.push(await run("page", ["fast-xml-parser", "storeport's scanner"], pageOfKeys));
  return results;
}

interface S3Race {
  readonly name: string;
  readonly amount: number;
  readonly unit: string;
  readonly rounds: number;
  readonly warmUps?: number;
  readonly targets: Readonly<Partial<Record<ClientName, Target[]>>>;
}

function smallRequests(method: string): S3Race {
  return {
    name: `${method} 1024 B, 32 at a time`,
    amount: REQUESTS,
    unit: "req",
    rounds: 11,
    warmUps: 3,
    targets: {
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
    },
  };
}

const largeGet: S3Race = {
  name: "GET 256 MiB into one buffer",
  amount: LARGE / MIB,
  unit: "MiB",
  rounds: 5,
  targets: {
    "storeport on fetch": [{ over: "raw FetchConnector", atLeast: 0.9 }, ...overAll(NO_WORSE)],
    "storeport on node": [{ over: "raw NodeHttpConnector", atLeast: 0.9 }, ...overAll(NO_WORSE)],
  },
};

const signing = overAll({ "aws-sdk v3": 1, "minio-js": 1 });
const largePut: S3Race = {
  name: "PUT 256 MiB in parts of 8 MiB, 4 at a time",
  amount: LARGE / MIB,
  unit: "MiB",
  rounds: 5,
  targets: {
    "storeport on fetch": [{ over: "raw FetchConnector", atLeast: 0.9 }, ...signing],
    "storeport on node": [{ over: "raw NodeHttpConnector", atLeast: 0.9 }, ...signing],
    "storeport on fetch, unsigned payload": [
      { over: "raw FetchConnector", atLeast: 0.9 },
      ...overAll(NO_WORSE),
    ],
    "storeport on node, unsigned payload": [
      { over: "raw NodeHttpConnector", atLeast: 0.9 },
      ...overAll(NO_WORSE),
    ],
  },
};

/** Reading a page that is in memory: the scanner against fast-xml-parser with the least it can be told. */
const pageOfKeys: S3Race = {
  name: "A page of 1,000 keys",
  amount: PAGES,
  unit: "page",
  rounds: 9,
  targets: { "storeport's scanner": [{ over: "fast-xml-parser", atLeast: 10 }] },
};

function overAll(peers: Readonly<Record<string, number>>): Target[] {
  return Object.entries(peers).map(([over, atLeast]) => ({ over, atLeast }));
}

async function raceClients(
  goals: S3Race,
  job: Job,
  names: readonly ClientName[],
  url: string,
  start: Start,
): Promise<RaceResult> {
  await using programs = new AsyncDisposableStack();
  const contestants = names.map((name): Contestant => {
    const program = programs.use(start("s3_contestant", url, name));
    return { name, measure: async () => JSON.parse(await program.ask(job)) as Sample };
  });
  return await race({ ...goals, contestants });
}

async function millionKeys(runtime: string, program: Program): Promise<RaceResult> {
  await using lister = program;
  const { count, seconds, afterFirst, afterTenth } = JSON.parse(await lister.line()) as KeysListed;
  const name = `${runtime}: 1,000,000 keys listed`;
  const reached = afterTenth < 50;
  console.log(
    `\n${name}\n  storeport ${count.toLocaleString("en")} keys in ${seconds.toFixed(1)} s, ${
      Math.round(count / seconds).toLocaleString("en")
    } keys/s\n  resident memory grew by ${afterFirst.toFixed(0)} MiB after 10,000 keys, by ${
      afterTenth.toFixed(0)
    } MiB after 100,000  goal < 50 ${reached ? "reached" : "MISSED"}`,
  );
  const missed = reached ? [] : [`${name}: resident memory grew by ${afterTenth.toFixed(0)} MiB`];
  return { race: name, rates: { storeport: count / seconds }, missed };
}

/** A folder of programs that Node can run: the same sources and packages as Deno's. */
async function bundleForNode(): Promise<URL> {
  const folder = new URL(`.cache/bench_${crypto.randomUUID()}/`, root);
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(new URL("package.json", folder), `{ "type": "module" }`);
  const entries = ["s3_contestant.ts", "s3_million_keys.ts"];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "deno", "--code-splitting", "--outdir", folder.pathname]
      .concat(entries.map((entry) => new URL(entry, import.meta.url).pathname)),
    env: { NO_COLOR: "1" },
  }).output();
  if (!success) throw new Error(`Cannot bundle for Node: ${new TextDecoder().decode(stderr)}`);
  return folder;
}

async function hasNode(): Promise<boolean> {
  try {
    return (await new Deno.Command("node", { args: ["--version"] }).output()).success;
  } catch {
    return false;
  }
}
