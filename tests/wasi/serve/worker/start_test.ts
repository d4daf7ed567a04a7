/** Workers that cannot be started: each request is answered, and nobody tries for ever. */
import "../../generator.ts";
import assert from "node:assert/strict";
import type { ServeFailure } from "../../../../src/wasi/mod.ts";
import { guestAt } from "../env.ts";

Deno.test("workers that end before they begin: 500, the reason in the log, and one attempt a request", async () => {
  const { Worker } = globalThis;
  let started = 0;
  class BrokenWorker {
    onmessage: unknown;
    onerror: ((event: unknown) => void) | undefined;
    constructor() {
      started++;
      setTimeout(() => this.onerror?.({ message: "no such module", preventDefault() {} }), 1);
    }
    postMessage(): void {}
    terminate(): void {}
  }
  globalThis.Worker = BrokenWorker as never;
  try {
    const failures: ServeFailure[] = [];
    await using server = (await guestAt("serve/serve.wasm")).serve({
      isolation: "worker",
      workers: 2,
      onFailure: (_, failure) => void failures.push(failure),
    });
    for (let i = 1; i <= 3; i++) {
      const response = await server.fetch(new Request("http://a/hello"));
      await response.text();
      assert.equal(response.status, 500);
      assert.ok(started <= 2 * i, `${started} workers for ${i} requests`);
    }
    assert.deepEqual(failures.map(({ kind }) => kind), ["start", "start", "start"]);
    assert.match(failures[0]!.message, /no such module/);
  } finally {
    globalThis.Worker = Worker;
  }
});
