/** Rewrites the path that an error names. */
import type { ObjectStoreError } from "./error.ts";

/**
 * The same error for another path, as wrappers need that translate paths. Class, message, stack and details stay; the
 * original becomes the cause.
 */
export function withErrorPath<E extends ObjectStoreError>(error: E, path: string): E {
  // A copy of the same class without running its constructor, whose further parameters are not known here. It starts
  // as a real Error, so that it is printed and cloned as one.
  const copy = Object.setPrototypeOf(new Error(error.message), Object.getPrototypeOf(error)) as E;
  const { message: _, stack: __, ...details } = Object.getOwnPropertyDescriptors(error);
  Object.defineProperties(copy, {
    ...details,
    stack: { value: error.stack, enumerable: false, configurable: true, writable: true },
    path: { value: path, enumerable: true, configurable: true, writable: true },
    cause: { value: error, enumerable: false, configurable: true, writable: true },
  });
  return copy;
}
