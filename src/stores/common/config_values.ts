/** Values of configuration, parsed from text as object_store does. */
import type { HeaderEntry } from "../../http/headers.ts";
import { ConfigurationError } from "../../store/error.ts";

/** Which value is being parsed, for error messages. */
export interface ConfigContext {
  /** Short name of the store. */
  readonly store: string;
  /** The key, as given. */
  readonly key: string;
}

/** Parses one value. Throws {@linkcode ConfigurationError}. */
export type ConfigParser<T> = (value: string, context: ConfigContext) => T;

/** One option that can be configured by text. */
export interface ConfigField<T> {
  /** Parses its text. */
  readonly parse: ConfigParser<T>;
  /** Other names, in any spelling. The option's own name need not be among them. */
  readonly aliases?: readonly string[];
}

/** The options of `T` that can be configured by text. */
export type ConfigSchema<T> = { readonly [K in keyof T]?: ConfigField<Exclude<T[K], undefined>> };

/** A field, in one line: `configValue(parseBoolean, "virtual_hosted")`. */
export function configValue<T>(parse: ConfigParser<T>, ...aliases: string[]): ConfigField<T> {
  return aliases.length > 0 ? { parse, aliases } : { parse };
}

/** Text as it is. */
export function parseText(value: string): string {
  return value;
}

/** `1 true on yes y` or `0 false off no n`, in any case. */
export function parseBoolean(value: string, context: ConfigContext): boolean {
  const word = value.trim().toLowerCase();
  if (["1", "true", "on", "yes", "y"].includes(word)) return true;
  if (["0", "false", "off", "no", "n"].includes(word)) return false;
  throw invalid(value, context, "true or false");
}

/** A whole number, not negative. */
export function parseInteger(value: string, context: ConfigContext): number {
  const number = /^\s*\d+\s*$/.test(value) ? Number(value) : NaN;
  if (!Number.isSafeInteger(number)) throw invalid(value, context, "a whole number");
  return number;
}

const UNITS: readonly (readonly [words: RegExp, milliseconds: number])[] = [
  [/^(?:ms|msecs?|millis|milliseconds?)$/, 1],
  [/^(?:s|secs?|seconds?)$/, 1000],
  [/^(?:m|mins?|minutes?)$/, 60_000],
  [/^(?:h|hrs?|hours?)$/, 3_600_000],
  [/^(?:d|days?)$/, 86_400_000],
];

/** A duration such as `30s`, `5 minutes` or `1h 30m`, in milliseconds. A number needs its unit. */
export function parseDuration(value: string, context: ConfigContext): number {
  const text = value.trim().toLowerCase();
  if (!/^(?:\d+(?:\.\d+)?\s*[a-z]+\s*)+$/.test(text)) {
    throw invalid(value, context, 'a duration such as "1h 30m"');
  }
  let total = 0;
  for (const [, number, word] of text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/g)) {
    const unit = UNITS.find(([words]) => words.test(word!));
    if (unit === undefined) throw invalid(value, context, "a duration in ms, s, m, h or d");
    total += Number(number) * unit[1];
  }
  return total;
}

/** One of a few words, in any case. */
export function parseChoice<const T extends string>(...words: readonly T[]): ConfigParser<T> {
  return (value, context) => {
    const wanted = value.trim().toLowerCase();
    const word = words.find((word) => word.toLowerCase() === wanted);
    if (word === undefined) throw invalid(value, context, `one of ${words.join(", ")}`);
    return word;
  };
}

/** Header lines, separated by newlines or `;`: `x-team: data; x-env: test`. */
export function parseHeaders(value: string, context: ConfigContext): HeaderEntry[] {
  return value.split(/[;\n]/).filter((line) => line.trim() !== "").map((line) => {
    const colon = line.indexOf(":");
    if (colon < 1) throw invalid(value, context, '"name: value" lines');
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as const;
  });
}

/** The value is not quoted: it may be a secret under a mistaken key. */
function invalid(value: string, context: ConfigContext, wanted: string): ConfigurationError {
  const shown = /^[\w.: -]{0,24}$/.test(value) && !/key|secret|token|password/i.test(context.key)
    ? ` "${value}"`
    : "";
  return new ConfigurationError(
    `Cannot parse${shown} as the value of "${context.key}": it must be ${wanted}`,
    {
      store: context.store,
      key: context.key,
    },
  );
}
