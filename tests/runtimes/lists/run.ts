/** Runs the lists of cases of stores and connectors, in whatever runtime this is loaded by. */
import { FetchConnector, type HttpConnector, NodeHttpConnector } from "@storeport/storeport/connector";
import { HttpStore } from "@storeport/storeport/http";
import { MemoryStore } from "@storeport/storeport/memory";
import { S3Store } from "@storeport/storeport/s3";
import { connectorCasesFor, storeCases, type StoreContext } from "@storeport/storeport/testing";
import type { Assignment, ConnectorName, Exceptions, Outcome } from "../assignment.ts";
import { hostRefusal, nodeConnectorRefusal } from "./refusals.ts";

/** A case without its context. */
interface Trial {
  readonly name: string;
  /** The times of cases about timers are multiplied with `pace`, where they can be. */
  run(pace: number): Promise<unknown>;
}

/** Cases of the host; given by programs that have them. */
export type HostTrials = () => Promise<readonly Trial[]>;

/**
 * A case that says nothing for this long has failed. Guests interpret JavaScript: cases with many MiB take a quarter of
 * a minute there, and ten times that on a machine with ten times too much to do.
 */
const PATIENCE = 300_000;

/** The pace of a second try. */
const SLOWLY = 8;

/** How long a case that cannot hold is given to show that it does not. */
const BRIEF = 8_000;

/**
 * Runs an assignment case by case. Cases that cannot hold on the platform are run too: when one does hold, the reason
 * for leaving it out is gone.
 */
export async function* runAssignment(assignment: Assignment, host?: HostTrials): AsyncGenerator<Outcome> {
  const { without, never, only }: Exceptions = "without" in assignment
    ? assignment
    : { without: [], never: [] };
  const all = await trials(assignment, host);
  for (const name of [...without, ...never]) {
    if (!all.some((trial) => trial.name === name)) {
      yield { name, error: "it is left out, and there is no such case" };
    }
  }
  for (const { name, run } of all) {
    if (only === undefined ? never.includes(name) : only !== name) continue;
    if (!without.includes(name)) {
      const first = await outcome(name, () => run(1), PATIENCE);
      // Timers of milliseconds are late on a busy machine; what is wrong is wrong at any pace. What has not ended goes
      // on and cannot be tried beside itself.
      yield first.error === undefined || first.unended
        ? first
        : { ...await outcome(name, () => run(SLOWLY), PATIENCE), again: first.error };
    } else {
      const { error } = await outcome(name, () => run(1), BRIEF);
      yield { name, impossible: true, error: error === undefined ? "it holds after all" : undefined };
    }
  }
}

async function trials(assignment: Assignment, host?: HostTrials): Promise<readonly Trial[]> {
  switch (assignment.list) {
    case "store": {
      const context = storeContext(assignment);
      return storeCases.map(({ name, run }) => ({ name, run: () => run(context()) }));
    }
    case "connector": {
      const context = {
        connector: connector(assignment.connector),
        origin: assignment.origin,
        refused: assignment.refused,
      };
      return connectorCasesFor(assignment.features).map(({ name, run }) => ({
        name,
        run: (pace) => run({ ...context, pace }),
      }));
    }
    case "host":
      if (host === undefined) throw new Error("This program has no cases of the host");
      return await host();
    case "node-connector-refusal":
      return [{ name: "NodeHttpConnector refuses by name", run: nodeConnectorRefusal }];
    case "host-refusal":
      return [{ name: "loadGuest refuses by name", run: hostRefusal }];
  }
}

function storeContext(assignment: Assignment & { readonly list: "store" }): () => StoreContext {
  switch (assignment.store) {
    case "memory":
      return () => ({
        store: new MemoryStore(),
        lacks: ["version", "signing", "response"],
        minPartSize: 2048,
      });
    case "http": {
      const store = new HttpStore(assignment.url, { connector: connector(assignment.connector) });
      return () => ({ store, lacks: WEBDAV_LACKS });
    }
    case "s3": {
      const store = new S3Store({
        ...assignment.options as { bucket: string },
        connector: connector(assignment.connector),
      });
      return () => ({ store, lacks: assignment.lacks });
    }
  }
}

/** What no WebDAV server has. */
const WEBDAV_LACKS: NonNullable<StoreContext["lacks"]> = [
  "version",
  "multipart",
  "multipart-mode",
  "multipart-ids",
  "pages",
  "signing",
  "raw-keys",
  "snapshot",
];

function connector(name: ConnectorName): HttpConnector {
  return name === "node" ? new NodeHttpConnector() : new FetchConnector();
}

async function outcome(name: string, run: () => Promise<unknown>, patience: number): Promise<Outcome> {
  let timer;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Unended(`nothing after ${patience / 1000} s`)), patience);
  });
  try {
    await Promise.race([run(), late]);
    return { name };
  } catch (error) {
    return { name, error: describe(error), unended: error instanceof Unended };
  } finally {
    clearTimeout(timer);
  }
}

class Unended extends Error {}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `; cause: ${describe(error.cause)}`;
  return `${error.name}: ${error.message}${cause}`;
}
