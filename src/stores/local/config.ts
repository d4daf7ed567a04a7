/** Options of the local store, and how they are read from text. */
import { ConfigurationError } from "../../store/error.ts";
import { type ConfigSchema, configValue, parseBoolean, parseChoice, readConfig } from "../common/config.ts";
import { STORE } from "./names.ts";

/** Options of `LocalStore`. */
export interface LocalStoreOptions {
  /**
   * Bring every write to the disk before it counts as done: the file, its directory and directories made for it.
   * Deletions are not waited for. Default false.
   */
  readonly fsync?: boolean;
  /** Remove directories that a deletion or rename leaves empty, up to the root. Default false. */
  readonly automaticCleanup?: boolean;
  /** Make the root where it does not exist. Default false. */
  readonly createRoot?: boolean;
  /**
   * What becomes of attributes that a write carries, which files have no place for: `"refuse"` rejects the write,
   * `"ignore"` drops them, as a copy from another store may want. Default `"refuse"`.
   */
  readonly attributes?: "refuse" | "ignore";
}

const schema: ConfigSchema<LocalStoreOptions> = {
  fsync: configValue(parseBoolean),
  automaticCleanup: configValue(parseBoolean),
  createRoot: configValue(parseBoolean),
  attributes: configValue(parseChoice("refuse", "ignore")),
};

/**
 * Options from a record whose values may be text, as `openStore` and the command take them.
 *
 * @throws {ConfigurationError} for an unknown key or a value that does not parse.
 */
export function readLocalConfig(input: Readonly<Record<string, unknown>>): LocalStoreOptions {
  const { store, client } = readConfig(input, schema, { store: STORE });
  // What the shared reader takes for an HTTP client has no meaning here.
  const [key] = Object.keys(client);
  if (key !== undefined) {
    throw new ConfigurationError(
      `Unknown configuration key "${key}" for ${STORE}: it makes no connections; known keys are ${
        Object.keys(schema).join(", ")
      }`,
      { store: STORE, key },
    );
  }
  return store;
}
