/** {@linkcode HttpStore} from configuration as text. */
import type { HttpConnector } from "../../http/connector.ts";
import { ConfigurationError } from "../../store/error.ts";
import { type ConfigSchema, configValue, parseChoice, parseText, readConfig } from "../common/config.ts";
import type { HttpAuth } from "./options.ts";
import { STORE } from "./server.ts";
import { HttpStore } from "./store.ts";

interface HttpConfig {
  readonly token?: string;
  readonly username?: string;
  readonly password?: string;
  readonly conditionalPut?: "probe" | "true" | "false";
}

const SCHEMA: ConfigSchema<HttpConfig> = {
  token: /* @__PURE__ */ configValue(parseText, "bearer", "bearer_token"),
  username: /* @__PURE__ */ configValue(parseText, "user"),
  password: /* @__PURE__ */ configValue(parseText),
  conditionalPut: /* @__PURE__ */ configValue(/* @__PURE__ */ parseChoice("probe", "true", "false")),
};

/**
 * Makes a store from a base URL and options as text: `token`, or `username` and `password`; `conditionalPut`
 * (`probe`, `true`, `false`); and the keys of the HTTP client such as `timeout` or `proxy_url`, in camelCase
 * or snake_case, with or without `http_` before them.
 *
 * @throws {ConfigurationError} for an unknown key or a value that does not parse.
 */
export function httpStoreFromConfig(
  url: string | URL,
  config: Readonly<Record<string, unknown>> = {},
  connector?: HttpConnector,
): HttpStore {
  const { store, client } = readConfig(config, SCHEMA, { store: STORE, prefixes: ["http_"] });
  const { token, username, password, conditionalPut } = store;
  let auth: HttpAuth | undefined;
  if (token !== undefined) auth = { bearer: token };
  else if (username !== undefined) auth = { username, password: password ?? "" };
  else if (password !== undefined) {
    throw new ConfigurationError('Cannot use "password" without "username"', {
      store: STORE,
      key: "password",
    });
  }
  const conditional = conditionalPut === undefined || conditionalPut === "probe"
    ? conditionalPut
    : conditionalPut === "true";
  return new HttpStore(url, { connector, client, auth, conditionalPut: conditional });
}
