/**
 * The shared core of requests, with all that sends them, for modules that are loaded late. Bundlers that split code by
 * reachability (esbuild, and so `deno bundle`) put modules with the same set of importers into one chunk. Because all
 * late modules import the core through this file, the initial load and the first request take a few chunks instead of
 * thirty.
 */
export { isStreamBody } from "./body.ts";
export { layered } from "./client.ts";
export { DeadlineQueue } from "./deadlines.ts";
export { HttpError } from "./error.ts";
export { joined, uploadTime } from "./fetch/plain.ts";
export { probeGuarded, probeWideHeaders } from "./fetch/platform.ts";
export { fetchService } from "./fetch/service.ts";
export { getHeader, headerOf } from "./headers.ts";
export { checkLimits } from "./layers/limit_options.ts";
export { LazyService } from "./lazy_service.ts";
export { isWorkerd } from "./platform.ts";
export { redactUrl } from "./redact.ts";
export { ConnectorResponse } from "./response.ts";
export { resolveRetry } from "./retry/options.ts";
export { isRetryableStatus } from "./retry/status.ts";
