/** As much of `node:assert/strict` as the host's cases use. */
import { assert as ok, assertEquals, AssertionError } from "@storeport/storeport/testing";

type Matcher = RegExp | ((error: unknown) => unknown) | Readonly<Record<string, unknown>>;

function check(error: unknown, expected: Matcher | undefined): void {
  if (expected === undefined) return;
  if (expected instanceof RegExp) return match(String(error), expected);
  if (typeof expected === "function") {
    // Classes are asked whether it is theirs, other functions whether it is right.
    const isClass = expected === Error || expected.prototype instanceof Error;
    return ok(isClass ? error instanceof expected : expected(error) === true, `Wrong error: ${error}`);
  }
  for (const [key, value] of Object.entries(expected)) {
    const actual = (error as Record<string, unknown>)[key];
    if (value instanceof RegExp) match(String(actual), value);
    else assertEquals(actual, value, `Wrong "${key}" of ${error}`);
  }
}

function match(actual: string, expected: RegExp): void {
  ok(expected.test(actual), `${JSON.stringify(actual)} does not match ${expected}`);
}

const assert = Object.assign((value: unknown, message = "Not true") => ok(value, String(message)), {
  ok: (value: unknown, message: unknown = "Not true") => ok(value, String(message)),
  equal: (actual: unknown, expected: unknown, message?: string) => assertEquals(actual, expected, message),
  deepEqual: (actual: unknown, expected: unknown, message?: string) =>
    assertEquals(actual, expected, message),
  notEqual(actual: unknown, expected: unknown, message = "Values are the same") {
    ok(!Object.is(actual, expected), message);
  },
  match,
  doesNotMatch(actual: string, expected: RegExp) {
    ok(!expected.test(actual), `${JSON.stringify(actual)} matches ${expected}`);
  },
  fail(message = "Failed"): never {
    throw new AssertionError(message);
  },
  throws(action: () => unknown, expected?: Matcher) {
    try {
      action();
    } catch (error) {
      return check(error, expected);
    }
    throw new AssertionError("It did not throw");
  },
  async rejects(action: Promise<unknown> | (() => Promise<unknown>), expected?: Matcher) {
    try {
      await (typeof action === "function" ? action() : action);
    } catch (error) {
      return check(error, expected);
    }
    throw new AssertionError("It did not reject");
  },
});

export default assert;
