// The stream of an outgoing body when its reader goes.
import assert from "node:assert/strict";
import { WitError } from "../../src/wasi/abi/lower.ts";
import { OutgoingBody } from "../../src/wasi/http/outgoing_body.ts";

const isClosed = (error: unknown): boolean =>
  error instanceof WitError && (error.payload as { tag?: string }).tag === "closed";

Deno.test("a reader that has all that was declared may go before the guest says so", () => {
  const body = new OutgoingBody("request", 3, 100, 10);
  const stream = body.write();
  stream.checkWrite();
  stream.write(new Uint8Array(3));
  body.pipe.cancel();
  assert.ok(stream.checkWrite() > 0n);
  assert.ok(stream.ready());
  stream.write(new Uint8Array(0));
  assert.throws(() => stream.write(new Uint8Array(1)), WitError);
});

Deno.test("a reader that goes before closes the stream", () => {
  for (const declared of [undefined, 4]) {
    const body = new OutgoingBody("request", declared, 100, 10);
    const stream = body.write();
    stream.checkWrite();
    stream.write(new Uint8Array(3));
    body.pipe.cancel();
    assert.throws(() => stream.checkWrite(), isClosed);
    assert.throws(() => stream.write(new Uint8Array(1)), isClosed);
  }
});
