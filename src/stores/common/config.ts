/**
 * Configuration as text: the keys and values that come from option records, URLs and environment variables. One
 * reader for all stores, so that every store takes its keys in the same spellings and refuses them alike.
 */
import type { ClientOptions } from "../../http/options.ts";
import type { RetryOptions } from "../../http/retry/options.ts";
import { ConfigurationError } from "../../store/error.ts";
import { clientConfig, retryConfig } from "./client_config.ts";
import type { ConfigContext, ConfigField, ConfigSchema } from "./config_values.ts";

export {
  type ConfigContext,
  type ConfigField,
  type ConfigParser,
  type ConfigSchema,
  configValue,
  parseBoolean,
  parseChoice,
  parseDuration,
  parseHeaders,
  parseInteger,
  parseText,
} from "./config_values.ts";

/** How {@linkcode readConfig} shall read. */
export interface ReadConfigOptions {
  /** Short name of the store, for errors. */
  readonly store: string;
  /** Vendor prefixes that keys may carry, in lower case with the underscore: `["aws_"]`. */
  readonly prefixes?: readonly string[];
  /** What becomes of keys that nobody knows. Environments are read with `"ignore"`. Default `"refuse"`. */
  readonly unknown?: "refuse" | "ignore";
}

/** What {@linkcode readConfig} found. */
export interface StoreConfig<T> {
  /** The store's own options. */
  readonly store: Partial<T>;
  /** Options of the HTTP client, `retry` among them. */
  readonly client: ClientOptions;
}

/**
 * Reads a record of configuration. Keys are taken in camelCase, snake_case and as environment variables, with or
 * without a vendor prefix; a key that is not the store's is tried as one of the HTTP client's. Values that are
 * strings are parsed, others are taken as they are; `undefined` is passed over. A later key wins over an earlier one.
 * `retry` is taken as a value only; its parts, such as `maxRetries`, are keys of their own and win
 * over those in it, but not over `false`.
 *
 * @throws {ConfigurationError} for an unknown key, naming the nearest known ones, or a value that does not parse.
 */
export function readConfig<T extends object>(
  input: Readonly<Record<string, unknown>>,
  schema: ConfigSchema<T>,
  options: ReadConfigOptions,
): StoreConfig<T> {
  const fields = [fieldsOf(schema), fieldsOf(clientConfig), fieldsOf(retryConfig)];
  const found: Record<string, unknown>[] = [{}, {}, {}];
  let given: ClientOptions["retry"];
  for (const [key, value] of Object.entries(input)) {
    if (value === undefined) continue;
    // Hooks, a budget, a clock: as text only its parts can be given.
    if (key === "retry" && (value === false || typeof value === "object" && value !== null)) {
      given = value as ClientOptions["retry"];
      continue;
    }
    const at = find(key, fields, options.prefixes ?? []);
    if (at === undefined) {
      if (options.unknown === "ignore") continue;
      throw unknownKey(key, fields, options);
    }
    const context: ConfigContext = { store: options.store, key };
    found[at.table]![at.name] = typeof value === "string" ? at.field.parse(value, context) : value;
  }
  const [store, client, parts] = found as [Partial<T>, ClientOptions, RetryOptions];
  const hasParts = Object.keys(parts).length > 0;
  const retry = given === false ? false : hasParts ? { ...given, ...parts } : given;
  return { store, client: retry === undefined ? client : { ...client, retry } };
}

/**
 * The variables of an environment that begin with one of the prefixes (any case), for {@linkcode readConfig} with
 * `unknown: "ignore"`. Sorted, so that two spellings of one key always resolve alike.
 */
export function environmentConfig(
  environment: Readonly<Record<string, string | undefined>>,
  prefixes: readonly string[],
): Record<string, string> {
  const config: Record<string, string> = {};
  for (const name of Object.keys(environment).sort()) {
    const value = environment[name];
    const lower = name.toLowerCase();
    if (value !== undefined && prefixes.some((prefix) => lower.startsWith(prefix))) config[lower] = value;
  }
  return config;
}

/** A key in snake_case, from camelCase, kebab-case or an environment variable: `accessKeyId` → `access_key_id`. */
export function normalizeKey(key: string): string {
  return (/[a-z]/.test(key) ? key.replace(/(?<=[a-z0-9])[A-Z]/g, "_$&") : key).replaceAll("-", "_")
    .toLowerCase();
}

interface KnownField {
  readonly name: string;
  readonly field: ConfigField<unknown>;
}

function fieldsOf(schema: object): Map<string, KnownField> {
  const known = new Map<string, KnownField>();
  for (const [name, field] of Object.entries(schema) as [string, ConfigField<unknown>][]) {
    for (const key of [name, ...field.aliases ?? []]) known.set(normalizeKey(key), { name, field });
  }
  return known;
}

function find(
  key: string,
  tables: readonly Map<string, KnownField>[],
  prefixes: readonly string[],
): (KnownField & { readonly table: number }) | undefined {
  const normal = normalizeKey(key);
  const prefix = prefixes.find((prefix) => normal.startsWith(prefix));
  const spellings = prefix === undefined ? [normal] : [normal, normal.slice(prefix.length)];
  for (const spelling of spellings) {
    for (const [table, fields] of tables.entries()) {
      const known = fields.get(spelling);
      if (known !== undefined) return { ...known, table };
    }
  }
  return undefined;
}

function unknownKey(
  key: string,
  tables: readonly Map<string, KnownField>[],
  options: ReadConfigOptions,
): ConfigurationError {
  const normal = normalizeKey(key);
  const names = [...new Set(tables.flatMap((fields) => [...fields.values()].map(({ name }) => name)))];
  const close = names
    .map((name) => ({ name, distance: editDistance(normal, normalizeKey(name)) }))
    .filter(({ name, distance }) => distance <= Math.max(2, Math.floor(name.length / 3)))
    .sort((a, b) => a.distance - b.distance)
    .map(({ name }) => name);
  // A part of the name: "accesskey", "retry".
  const word = squeeze(key);
  const partly = word.length < 4 ? [] : names.filter((name) => squeeze(name).includes(word));
  const near = [...new Set([...close, ...partly])].slice(0, 3).map((name) => `"${name}"`);
  const hint = near.length > 0 ? `did you mean ${near.join(" or ")}?` : `known keys are ${names.join(", ")}`;
  return new ConfigurationError(`Unknown configuration key "${key}" for ${options.store}: ${hint}`, {
    store: options.store,
    key,
  });
}

/** Letters and digits alone. */
function squeeze(key: string): string {
  return key.replace(/[^a-z0-9]/gi, "").toLowerCase();
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(
        row[j]! + 1,
        next[j - 1]! + 1,
        row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
    }
    row = next;
  }
  return row[b.length]!;
}
