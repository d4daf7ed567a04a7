/** Conformance cases, and the assertions they are written with: free of any test runner and of any runtime. */

/**
 * One case of a conformance list. It passes when `run` resolves.
 *
 * @typeParam Context What the cases of a list are run against.
 */
export interface ConformanceCase<Context> {
  /** Unique in its list. */
  readonly name: string;
  /** Names of features without which the case makes no sense; the runner leaves it out where one is lacking. */
  readonly needs?: readonly string[];
  /** Rejects with an {@linkcode AssertionError}, or whatever the tested thing failed with. */
  run(context: Context): Promise<void>;
}

/** An expectation that did not hold. */
export class AssertionError extends Error {
  /** Name of the class. */
  override readonly name = "AssertionError";
}

/** Fails unless `condition` holds. @throws {AssertionError} */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/**
 * Fails unless both are deeply equal: plain data, arrays, dates, byte arrays, maps and sets. @throws {AssertionError}
 */
export function assertEquals(actual: unknown, expected: unknown, message = "Values differ"): void {
  if (!deepEqual(actual, expected)) {
    throw new AssertionError(`${message}: got ${show(actual)}, expected ${show(expected)}`);
  }
}

/** Fails unless the bytes are the same, and says where they part. @throws {AssertionError} */
export function assertBytes(actual: Uint8Array, expected: Uint8Array, message = "Bytes differ"): void {
  const length = Math.min(actual.byteLength, expected.byteLength);
  for (let i = 0; i < length; i++) {
    if (actual[i] !== expected[i]) {
      throw new AssertionError(`${message}: at ${i}, got ${actual[i]}, expected ${expected[i]}`);
    }
  }
  assert(
    actual.byteLength === expected.byteLength,
    `${message}: got ${actual.byteLength} bytes, expected ${expected.byteLength}`,
  );
}

/** A class of errors. */
// deno-lint-ignore no-explicit-any -- constructor parameters do not matter, and unknown would refuse most classes
export type ErrorClass<E extends Error = Error> = abstract new (...args: any[]) => E;

/**
 * Fails unless `action` rejects (or throws) with an error of one of the classes, and resolves with that error.
 *
 * @throws {AssertionError}
 */
export async function assertRejects<C extends ErrorClass>(
  action: Promise<unknown> | (() => unknown),
  expected: C | readonly C[],
  message = "Wrong outcome",
): Promise<InstanceType<C>> {
  const classes: readonly C[] = typeof expected === "function" ? [expected] : expected;
  const names = classes.map((each) => each.name).join(" or ");
  let value: unknown;
  try {
    value = await (typeof action === "function" ? action() : action);
  } catch (error) {
    for (const each of classes) if (error instanceof each) return error as InstanceType<C>;
    throw new AssertionError(`${message}: expected ${names}, got ${show(error)}`, { cause: error });
  }
  throw new AssertionError(`${message}: expected ${names}, but it resolved with ${show(value)}`);
}

function deepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof Date || b instanceof Date) {
    return a instanceof Date && b instanceof Date && a.getTime() === b.getTime();
  }
  if (ArrayBuffer.isView(a) !== ArrayBuffer.isView(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  if (a instanceof Map || a instanceof Set || b instanceof Map || b instanceof Set) {
    return a.constructor === b.constructor &&
      deepEqual([...a as Iterable<unknown>], [...b as Iterable<unknown>]);
  }
  const keys = (of: object) => Object.entries(of).filter(([, value]) => value !== undefined);
  const left = keys(a);
  return left.length === keys(b).length &&
    left.every(([key, value]) => deepEqual(value, (b as Record<string, unknown>)[key]));
}

function show(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Uint8Array) return `${value.byteLength} bytes [${value.slice(0, 16)}…]`;
  try {
    return JSON.stringify(value, (_, each) => typeof each === "bigint" ? `${each}n` : each) ?? String(value);
  } catch {
    return String(value);
  }
}
