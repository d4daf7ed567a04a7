/**
 * HTTP as it is: one contract for sending requests, two connectors behind it, and layers around them.
 *
 * A connector makes services, a service sends requests. Requests and responses are plain objects: header lists keep
 * order and duplicates, values are bytes, redirects are not followed, nothing is decoded, and every failure is an
 * `HttpError` that says whether the server may have acted.
 *
 * @example
 * ```ts ignore
 * import { createClient, defaultConnector } from "@storeport/storeport/connector";
 *
 * const client = createClient(defaultConnector(), { retry: { maxRetries: 3 } });
 * const response = await client.call({ method: "GET", url: "https://example.com/", headers: [] });
 * console.log(response.status, await response.text());
 * client.close?.();
 * ```
 *
 * @module
 */
export { bodyLength, type HttpBody, type HttpStreamBody, isStreamBody } from "./body.ts";
export { createClient } from "./client.ts";
export type { HttpConnector } from "./connector.ts";
export { type Deadline, DeadlineQueue } from "./deadlines.ts";
export { defaultConnector } from "./default_connector.ts";
export { HttpError, type HttpErrorDetail, type HttpErrorKind, type HttpErrorOptions } from "./error.ts";
export { type FetchAbilities, FetchConnector, type FetchConnectorOptions } from "./fetch.ts";
export {
  bytesToLatin1,
  getHeader,
  getHeaderAll,
  hasHeader,
  type HeaderEntry,
  type HeaderList,
  headerOf,
  latin1ToBytes,
  withHeader,
  withoutHeader,
} from "./headers.ts";
export { isFieldValue, isToken } from "./header_syntax.ts";
export { withDefaults } from "./layers/defaults.ts";
export { withHttpsOnly } from "./layers/https_only.ts";
export { withLimit } from "./layers/limit.ts";
export type { LimitOptions } from "./layers/limit_options.ts";
export {
  type TraceEndEvent,
  type TraceErrorEvent,
  type TraceHeadersEvent,
  type TraceHooks,
  withTrace,
} from "./layers/trace.ts";
export { NodeHttpConnector, type NodeHttpConnectorOptions, type NodeLookup } from "./node.ts";
export type { ClientOptions } from "./options.ts";
export { allowList, type AllowListOptions } from "./policy/allow_list.ts";
export {
  allowAll,
  denyAll,
  type NetworkPolicy,
  type PolicyAllowed,
  type PolicyDecision,
  type PolicyDenied,
  withPolicy,
} from "./policy/policy.ts";
export { redactHeaders, redactUrl } from "./redact.ts";
export {
  type BodyPiece,
  type BodySource,
  ConnectorResponse,
  type ConnectorResponseInit,
} from "./response.ts";
export type { BackoffOptions } from "./retry/backoff.ts";
export { RetryBudget, type RetryBudgetOptions } from "./retry/budget.ts";
export type { RetryClock } from "./retry/clock.ts";
export { RetryError, retryHistory } from "./retry/error.ts";
export type { FailedAttempt, RetryHistory, RetryStop } from "./retry/history.ts";
export { withRetry } from "./retry/layer.ts";
export type { RetryDecisionEvent, RetryEvent, RetryOptions } from "./retry/options.ts";
export { isIdempotent, isRetryableError } from "./retry/rules.ts";
export { isRetryableStatus } from "./retry/status.ts";
export { type RetryFailure, RetryState } from "./retry/state.ts";
export type { HttpLayer, HttpRequest, HttpResponse, HttpService } from "./service.ts";
export type { HttpTimeouts } from "./timeouts.ts";
