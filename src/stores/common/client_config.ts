/** The HTTP client's configuration keys, those of object_store's `ClientConfigKey` and our own. */
import type { ClientOptions } from "../../http/options.ts";
import type { RetryOptions } from "../../http/retry/options.ts";
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
  allowHttp: /* @__PURE__ */ configValue(parseBoolean),
  allowInvalidCertificates: /* @__PURE__ */ configValue(parseBoolean),
  disableSystemCertificates: /* @__PURE__ */ configValue(parseBoolean),
  connectTimeout: /* @__PURE__ */ configValue(parseDuration),
  firstByteTimeout: /* @__PURE__ */ configValue(parseDuration),
  readTimeout: /* @__PURE__ */ configValue(parseDuration),
  timeout: /* @__PURE__ */ configValue(parseDuration),
  defaultContentType: /* @__PURE__ */ configValue(parseText),
  defaultHeaders: /* @__PURE__ */ configValue(parseHeaders),
  http1Only: /* @__PURE__ */ configValue(parseBoolean, "http1_only"),
  http2Only: /* @__PURE__ */ configValue(parseBoolean, "http2_only"),
  poolIdleTimeout: /* @__PURE__ */ configValue(parseDuration),
  poolMaxIdlePerHost: /* @__PURE__ */ configValue(parseInteger),
  proxyUrl: /* @__PURE__ */ configValue(parseText),
  proxyCaCertificate: /* @__PURE__ */ configValue(parseText),
  proxyExcludes: /* @__PURE__ */ configValue(parseText),
  randomizeAddresses: /* @__PURE__ */ configValue(parseBoolean),
  unixSocket: /* @__PURE__ */ configValue(parseText),
  userAgent: /* @__PURE__ */ configValue(parseText),
  http2KeepAliveInterval: /* @__PURE__ */ configValue(refused),
  http2KeepAliveTimeout: /* @__PURE__ */ configValue(refused),
  http2KeepAliveWhileIdle: /* @__PURE__ */ configValue(refused),
  http2MaxFrameSize: /* @__PURE__ */ configValue(refused),
};

/** Options of retrying that can be configured by text. */
export const retryConfig: ConfigSchema<RetryOptions> = {
  maxRetries: /* @__PURE__ */ configValue(parseInteger),
  retryTimeout: /* @__PURE__ */ configValue(parseDuration),
  initBackoff: /* @__PURE__ */ configValue(parseDuration),
  maxBackoff: /* @__PURE__ */ configValue(parseDuration),
};
