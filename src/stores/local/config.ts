/** {@linkcode LocalStore} from configuration as text. */
import { ConfigurationError } from "../../store/error.ts";
import { type ConfigSchema, configValue, parseBoolean, parseChoice, readConfig } from "../common/config.ts";
import { STORE } from "./names.ts";
import type { LocalStoreOptions } from "./options.ts";
import { LocalStore } from "./store.ts";

const SCHEMA: ConfigSchema<LocalStoreOptions> = {
  fsync: configValue(parseBoolean),
  automaticCleanup: configValue(parseBoolean),
  createRoot: configValue(parseBoolean),
  attributes: configValue(parseChoice("refuse", "ignore")),
};

/**
 * Makes a store from a root and options as values or text: `fsync`, `automaticCleanup`, `createRoot` and
 * `attributes`, in camelCase or snake_case.
 *
 * @throws {ConfigurationError} for an unknown key or a value that does not parse.
 */
export function localStoreFromConfig(
  root: string | URL,
  config: Readonly<Record<string, unknown>> = {},
): LocalStore {
  const { store, client } = readConfig(config, SCHEMA, { store: STORE });
  // What the shared reader takes for an HTTP client has no meaning here.
  const [key] = Object.keys(client);
  if (key !== undefined) {
    throw new ConfigurationError(
      `Unknown configuration key "${key}" for ${STORE}: it makes no connections; known keys are ${
        Object.keys(SCHEMA).join(", ")
      }`,
      { store: STORE, key },
    );
  }
  return new LocalStore(root, store);
}
