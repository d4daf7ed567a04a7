/** What a driver asks a program in some runtime to do, and what it hears back; both go over as JSON. */
import type { ConnectorFeature, StoreFeature } from "@storeport/storeport/testing";

/** Which connector a store or the list runs over. */
export type ConnectorName = "fetch" | "node";

/** Cases that cannot hold in a runtime. */
export interface Exceptions {
  /** They are run all the same, and must fail. */
  readonly without: readonly string[];
  /** They are not run. */
  readonly never: readonly string[];
  /** Nothing but this one is run. */
  readonly only?: string;
}

/** One list to run. */
export type Assignment =
  | { readonly list: "store"; readonly store: "memory" }
  | {
    readonly list: "store";
    readonly store: "http";
    readonly connector: ConnectorName;
    /** The gateway. */
    readonly url: string;
  } & Exceptions
  | {
    readonly list: "store";
    readonly store: "s3";
    readonly connector: ConnectorName;
    /** Options of an `S3Store`. */
    readonly options: Readonly<Record<string, unknown>>;
    readonly lacks: readonly StoreFeature[];
  } & Exceptions
  | {
    readonly list: "connector";
    readonly connector: ConnectorName;
    readonly features: readonly ConnectorFeature[];
    /** The test origin. */
    readonly origin: string;
    /** Where nothing listens. */
    readonly refused: string;
  } & Exceptions
  | { readonly list: "host" } & Exceptions
  /** The platform has no `node:http`: the connector is there and refuses. */
  | { readonly list: "node-connector-refusal" }
  /** The platform has no JSPI: loading a guest refuses. */
  | { readonly list: "host-refusal" };

/** How one case ended. */
export interface Outcome {
  readonly name: string;
  /** It was left out by design, and did fail as it must. */
  readonly impossible?: boolean;
  /** Why it failed the first time; it was run once more. */
  readonly again?: string;
  /** It was still running when it was given up. */
  readonly unended?: boolean;
  /** Why it failed; absent when it passed. */
  readonly error?: string;
}
