/** Serving guests. */
export { GuestServer } from "./server.ts";
export type { BodySource, ExchangeContext, ServedRequest, ServedResponse } from "./exchange.ts";
export type { FetchInfo } from "./fetch.ts";
export { ServeFailure } from "./failure.ts";
export type { ServeFailureKind } from "./failure.ts";
export { nodeHandler } from "./node.ts";
export { METRICS_TYPE, metricsText } from "./metrics.ts";
export type {
  AccessEntry,
  Isolation,
  RunIsolation,
  ServeLimits,
  ServeOptions,
  ServeOutput,
} from "./options.ts";
export type { Refusal, ServeStats } from "./stats.ts";
export { listenGuest } from "./listen.ts";
export type { ListeningGuest, ListenOptions } from "./listen.ts";
