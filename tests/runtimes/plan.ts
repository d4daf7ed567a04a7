/** Which lists a runtime runs, and what is expected of each. */
import type { Assignment, Exceptions } from "./assignment.ts";
import type { Runtime, Without } from "./runtime.ts";
import { storeCases } from "../../src/testing/mod.ts";
import { S3_SERVERS, type S3Server } from "../servers/s3.ts";
import type { Stage } from "./stage.ts";

/** Columns of the table. */
export const COLUMNS = [
  "MemoryStore",
  "HttpStore over fetch",
  "HttpStore over node:http",
  "S3Store over fetch",
  "FetchConnector",
  "NodeHttpConnector",
  "WASI host",
] as const;

/** One of them. */
export type Column = (typeof COLUMNS)[number];

/** A list to run. */
export interface Step {
  readonly column: Column;
  /** What the program is asked to do, once its servers run. */
  readonly assignment: (stage: Stage) => Assignment | Promise<Assignment>;
  /** The runtime lacks it: the list is that it says so. */
  readonly refused?: string;
  /** Cases left out, with the reason. */
  readonly without?: Without;
}

/** All lists of a runtime, one a column. */
export function stepsOf(runtime: Runtime): readonly Step[] {
  const { fetch, node } = runtime.connectors;
  const steps: Step[] = [{ column: "MemoryStore", assignment: () => ({ list: "store", store: "memory" }) }];
  if (fetch !== undefined) {
    const { features, without = {}, stores = {} } = fetch;
    steps.push(
      s3Step(fetch.s3Server ?? "versitygw", fetch.s3),
      {
        column: "HttpStore over fetch",
        assignment: async (stage) => ({
          list: "store",
          store: "http",
          connector: "fetch",
          url: (await stage.servers()).gateway,
          ...exceptions(stores),
        }),
        without: stores,
      },
      {
        column: "FetchConnector",
        assignment: async (stage) => ({
          list: "connector",
          connector: "fetch",
          features,
          ...await stage.servers(),
          ...exceptions(without),
        }),
        without,
      },
    );
  }
  if (node === undefined) {
    const assignment = (): Assignment => ({ list: "node-connector-refusal" });
    const refused = "no `node:http`";
    steps.push({ column: "HttpStore over node:http", assignment, refused });
    steps.push({ column: "NodeHttpConnector", assignment, refused });
  } else {
    const { features, without = {} } = node;
    steps.push(
      {
        column: "HttpStore over node:http",
        assignment: async (stage) => ({
          list: "store",
          store: "http",
          connector: "node",
          url: (await stage.servers()).gateway,
          ...exceptions(),
        }),
      },
      {
        column: "NodeHttpConnector",
        assignment: async (stage) => ({
          list: "connector",
          connector: "node",
          features,
          ...await stage.servers(),
          ...exceptions(without),
        }),
        without,
      },
    );
  }
  const { host } = runtime;
  steps.push(
    "refuses" in host
      ? { column: "WASI host", assignment: () => ({ list: "host-refusal" }), refused: host.refuses }
      : {
        column: "WASI host",
        assignment: () => ({ list: "host", ...exceptions(host.without) }),
        without: host.without,
      },
  );
  return steps;
}

/** Tested elsewhere, with a bucket that does: with versions, versitygw fails others. */
const VERSIONS = "an old version can be read by its id";

function s3Step(name: string, own: Without = {}): Step {
  const server = S3_SERVERS.find((each) => each.name === name)!;
  const without = { ...shortfalls(server), [VERSIONS]: "the bucket keeps no versions", ...own };
  return {
    column: "S3Store over fetch",
    without,
    assignment: async (stage) => ({
      list: "store",
      store: "s3",
      connector: "fetch",
      options: await stage.s3(server),
      lacks: server.lacks,
      ...exceptions(without),
    }),
  };
}

/** What the server itself cannot do, of the stores' list. */
function shortfalls(server: S3Server): Without {
  const names = new Set(storeCases.map(({ name }) => name));
  return Object.fromEntries(
    Object.entries(server.fails).filter(([name]) => names.has(name)).map(([name, why]) => [
      name,
      typeof why === "string" ? `${server.name}: ${why}` : { sometimes: `${server.name}: ${why.sometimes}` },
    ]),
  );
}

/** Each case that is left alone among others, by itself. */
export function harmfulStepsOf(runtime: Runtime): readonly Step[] {
  return stepsOf(runtime).flatMap(({ column, assignment, without = {} }) =>
    Object.entries(without).filter(([, why]) => typeof why === "object" && "reason" in why).map(([name]) => ({
      column,
      assignment: async (stage: Stage) =>
        ({ ...await assignment(stage), without: [name], never: [], only: name }) as Assignment,
    }))
  );
}

function exceptions(without: Without = {}): Exceptions {
  const [never, tried] = [true, false].map((harmful) =>
    Object.entries(without).filter(([, why]) => (typeof why === "object") === harmful).map(([name]) => name)
  );
  return { without: tried!, never: never! };
}
