/** The HTTP client's configuration keys, those of object_store's `ClientConfigKey` and our own. */
import type { ClientOptions } from "../../http/options.ts";
import type { RetryOptions } from "../../http/retry.ts";
import { NotSupportedError } from "../../store/error.ts";
import {
  type ConfigParser,
  type ConfigSchema,
  configValue,
  parseBoolean,
  parseDuration,
  parseHeaders,
  parseInteger,
  parseText,
} from "./config_values.ts";

/** Keys that object_store has for its own HTTP library and no JavaScript one can honour. */
interface ForeignKeys {
  readonly http2KeepAliveInterval?: never;
  readonly http2KeepAliveTimeout?: never;
  readonly http2KeepAliveWhileIdle?: never;
  readonly http2MaxFrameSize?: never;
}

const refused: ConfigParser<never> = (_value, { key, store }) => {
  throw new NotSupportedError(
    `Cannot honour "${key}": HTTP/2 frames are not tunable here, pass a connector of your own`,
    { store },
  );
};

/** Options of the client that can be configured by text. */
export const clientConfig: ConfigSchema<Omit<ClientOptions, "retry"> & ForeignKeys> = {
  allowHttp: configValue(parseBoolean),
  allowInvalidCertificates: configValue(parseBoolean),
  disableSystemCertificates: configValue(parseBoolean),
  connectTimeout: configValue(parseDuration),
  firstByteTimeout: configValue(parseDuration),
  readTimeout: configValue(parseDuration),
  timeout: configValue(parseDuration),
  defaultContentType: configValue(parseText),
  defaultHeaders: configValue(parseHeaders),
  http1Only: configValue(parseBoolean, "http1_only"),
  http2Only: configValue(parseBoolean, "http2_only"),
  poolIdleTimeout: configValue(parseDuration),
  poolMaxIdlePerHost: configValue(parseInteger),
  proxyUrl: configValue(parseText),
  proxyCaCertificate: configValue(parseText),
  proxyExcludes: configValue(parseText),
  randomizeAddresses: configValue(parseBoolean),
  unixSocket: configValue(parseText),
  userAgent: configValue(parseText),
  http2KeepAliveInterval: configValue(refused),
  http2KeepAliveTimeout: configValue(refused),
  http2KeepAliveWhileIdle: configValue(refused),
  http2MaxFrameSize: configValue(refused),
};

/** Options of retrying that can be configured by text. */
export const retryConfig: ConfigSchema<RetryOptions> = {
  maxRetries: configValue(parseInteger),
  retryTimeout: configValue(parseDuration),
  initBackoff: configValue(parseDuration),
  maxBackoff: configValue(parseDuration),
};
