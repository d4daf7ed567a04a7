/**
 * What requests stand on, for the files that are loaded late. A bundler that splits code by who reaches it (esbuild, and so
 * `deno bundle`) makes one file of all modules that are reached by the same: late files that come here all reach the
 * same, and what is loaded first is a few files instead of thirty.
 */
export { isStreamBody } from "./body.ts";
export { DeadlineQueue } from "./deadlines.ts";
export { HttpError } from "./error.ts";
export { joined, uploadTime } from "./fetch/plain.ts";
export { probeGuarded, probeWideHeaders } from "./fetch/platform.ts";
export { getHeader, headerOf } from "./headers.ts";
export { checkLimits } from "./limit_options.ts";
export { redactUrl } from "./redact.ts";
export { isRetryableStatus } from "./retry_layer.ts";
export { resolveRetry } from "./retry_options.ts";
export { isWorkerd } from "./platform.ts";
