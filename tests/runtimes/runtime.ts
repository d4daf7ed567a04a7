/** What the driver knows of a runtime. */
import type { Assignment, ConnectorName, Outcome } from "./assignment.ts";
import type { ConnectorFeature } from "@storeport/storeport/testing";

/** Case names to reasons: what cannot hold on a platform, whatever is done. */
export type Without = Readonly<Record<string, string | Harmful | Sometimes>>;

/**
 * A reason why a case is not tried with the others: it would leave connections or the page in no state for them.
 * `--exceptions` tries it alone.
 */
export interface Harmful {
  readonly reason: string;
}

/** A reason why a case holds at times only. */
export interface Sometimes {
  readonly sometimes: string;
}

/** A connector on a platform. */
export interface ConnectorPlan {
  /** What it can do there. The cases check that it does, and that the rest is refused by name. */
  readonly features: readonly ConnectorFeature[];
  readonly without?: Without;
  /** Cases of S3 over it that cannot hold. */
  readonly s3?: Without;
  /** By its name in `tests/servers/s3.ts`. Default: versitygw, the fastest of those that pass nearly all. */
  readonly s3Server?: string;
  /** Cases of the stores over it that cannot hold. */
  readonly stores?: Without;
}

/** A runtime as it is described. */
export interface Runtime {
  /** As the table shows it. */
  readonly name: string;
  /** Connectors it has; one that is absent must refuse by name. */
  readonly connectors: Readonly<Partial<Record<ConnectorName, ConnectorPlan>>>;
  /** Whether it hosts guests; where not, why, and loading one must refuse by name. */
  readonly host: { readonly without?: Without } | { readonly refuses: string };
  /** Installs it and what it runs. */
  start(): Promise<RunningRuntime>;
}

/** A runtime that is ready. */
export interface RunningRuntime {
  /** All lists share one thread, so they are run one after the other. */
  readonly oneThread?: boolean;
  /** Its version. */
  readonly version: string;
  /** Runs a list to its end. */
  run(assignment: Assignment): Promise<readonly Outcome[]>;
  /** Ends what was started. */
  close(): Promise<void>;
}

/** A runtime that is not here and cannot be had. */
export class NotInstalled extends Error {
  override readonly name = "NotInstalled";
}

/** The connector that every `fetch` outside of browsers makes. */
export const FETCH: ConnectorPlan = { features: ["duplex", "extension-methods", "latin1-headers"] };

/** The same where `fetch` is undici, which sends the length of a stream that is declared. */
export const UNDICI: ConnectorPlan = { features: [...FETCH.features, "stream-length"] };

/** The connector over `node:http`: everything. */
export const NODE_HTTP: ConnectorPlan = {
  features: [
    "duplex",
    "extension-methods",
    "get-body",
    "host-header",
    "latin1-headers",
    "method-case",
    "raw-path",
    "request-trailers",
    "response-trailers",
    "separate-lines",
    "stream-length",
    "trace",
  ],
};
