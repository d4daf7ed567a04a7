/** What the gateway tells of its store's failures. */
import { strict as assert } from "node:assert";
import {
  ConfigurationError,
  GenericError,
  NotSupportedError,
  type ObjectStoreError,
  PermissionDeniedError,
  UnauthenticatedError,
} from "../../src/store/error.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";
import type { ErrorClass } from "../../src/testing/assert.ts";
import { gatewayWith, status } from "./gateway_support.ts";

const FAILURES: readonly (readonly [kind: ErrorClass<ObjectStoreError>, status: number])[] = [
  [PermissionDeniedError, 403],
  [UnauthenticatedError, 502],
  [NotSupportedError, 501],
  [ConfigurationError, 500],
  [GenericError, 500],
];

for (const [Kind, expected] of FAILURES) {
  Deno.test(`a store's ${Kind.name} is ${expected}, and its words stay inside`, async () => {
    const seen: unknown[] = [];
    const error = new (Kind as new (message: string, options: { store: string }) => ObjectStoreError)(
      "SECRET-BUCKET at internal.host",
      { store: "S3" },
    );
    class Failing extends MemoryStore {
      override get(): never {
        throw error;
      }
    }
    const ask = await gatewayWith({ onError: (error) => seen.push(error) }, new Failing());
    const response = await ask("GET", "/a/digits.txt", { accept: "application/json" });
    const text = await response.text();
    assert.equal(response.status, expected);
    assert.equal(JSON.parse(text).status, expected);
    assert.ok(!text.includes("SECRET"), text);
    assert.deepEqual(seen, expected >= 500 && expected !== 501 ? [error] : []);
  });
}

Deno.test("a full disk is 507", async () => {
  class Full extends MemoryStore {
    override put(...args: Parameters<MemoryStore["put"]>): ReturnType<MemoryStore["put"]> {
      if (args[0] !== "x") return super.put(...args);
      const cause = Object.assign(new Error("no space"), { code: "ENOSPC" });
      throw new GenericError("Cannot put", { store: "LocalFileSystem", cause });
    }
  }
  const ask = await gatewayWith({}, new Full());
  assert.equal(await status(ask("PUT", "/x", {}, "y")), 507);
});
