/** Requests in short, and calls that must fail, for the tests of connectors. */
import { strict as assert } from "node:assert";
import { HttpError, type HttpErrorDetail, type HttpErrorKind } from "../../src/http/error.ts";
import type { HttpRequest } from "../../src/http/service.ts";

export function get(url = "https://example.com/a", more: Partial<HttpRequest> = {}): HttpRequest {
  return { method: "GET", url, headers: [], ...more };
}

/** The error of an action that must fail, with this kind and tag where they are given. */
export async function failure(
  action: Promise<unknown>,
  ...expected: [] | [kind: HttpErrorKind, tag: HttpErrorDetail["tag"]]
): Promise<HttpError> {
  const error = await action.then(() => assert.fail("It resolved"), (error) => error);
  assert(error instanceof HttpError, String(error?.stack ?? error));
  if (expected.length > 0) assert.deepEqual([error.kind, error.detail?.tag], expected, error.message);
  return error;
}
