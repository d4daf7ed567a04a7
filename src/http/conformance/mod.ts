/** The conformance list of connectors: every {@linkcode HttpConnector} passes it, whatever it is made of. */
import { abortCases } from "./aborts.ts";
import { bodyCases } from "./bodies.ts";
import type { ConnectorCase, ConnectorFeature } from "./context.ts";
import { failureCases } from "./failures.ts";
import { requestCases } from "./requests.ts";
import { responseCases } from "./responses.ts";

export type { ConnectorCase, ConnectorContext, ConnectorFeature } from "./context.ts";

/** All cases. */
export const connectorCases: readonly ConnectorCase[] = [
  ...requestCases,
  ...bodyCases,
  ...responseCases,
  ...failureCases,
  ...abortCases,
];

/**
 * The cases for a connector with these features: those that need nothing it lacks, and for what it lacks those
 * that check that it is refused by name.
 *
 * ```ts ignore
 * for (const { name, run } of connectorCasesFor(["raw-path"])) {
 *   test(name, () => run({ connector, origin: origin.url, refused: "http://127.0.0.1:9/" }));
 * }
 * ```
 */
export function connectorCasesFor(features: Iterable<ConnectorFeature>): ConnectorCase[] {
  const has = new Set<string>(features);
  return connectorCases.filter(({ needs = [] }) =>
    needs.every((need) => need.startsWith("!") ? !has.has(need.slice(1)) : has.has(need))
  );
}
