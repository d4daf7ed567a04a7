/** What a driver asks a program in some runtime to do, and what it hears back; both go over as JSON. */
import type { ConnectorFeature, StoreFeature } from "@storeport/storeport/testing";

/** Which connector a store or the list runs over. */
export type ConnectorName = "fetch" | "node";

/** One list to run. */
export type Assignment =
  | { readonly list: "store"; readonly store: "memory" }
  | {
    readonly list: "store";
    readonly store: "http";
    readonly connector: ConnectorName;
    /** The gateway. */
    readonly url: string;
  }
  | {
    readonly list: "store";
    readonly store: "s3";
    readonly connector: ConnectorName;
    /** Options of an `S3Store`. */
    readonly options: Readonly<Record<string, unknown>>;
    readonly lacks: readonly StoreFeature[];
    readonly without: readonly string[];
  }
  | {
    readonly list: "connector";
    readonly connector: ConnectorName;
    readonly features: readonly ConnectorFeature[];
    /** The test origin. */
    readonly origin: string;
    /** Where nothing listens. */
    readonly refused: string;
    /** Cases that cannot hold here, with the reason. */
    readonly without: readonly string[];
  }
  | { readonly list: "host"; readonly without: readonly string[] }
  /** The platform has no `node:http`: the connector is there and refuses. */
  | { readonly list: "node-connector-refusal" }
  /** The platform has no JSPI: loading a guest refuses. */
  | { readonly list: "host-refusal" };

/** How one case ended. */
export interface Outcome {
  readonly name: string;
  /** It was left out by design, and did fail as it must. */
  readonly impossible?: boolean;
  /** Why it failed; absent when it passed. */
  readonly error?: string;
}
