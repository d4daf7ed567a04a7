/** Claims: a job that waits is had by one, whoever comes first. */
import assert from "node:assert/strict";
import { Claims, sharedClaims } from "../../../../src/wasi/serve/worker/claims.ts";

Deno.test("claims: whoever comes first has the job", () => {
  const cells = sharedClaims(2);
  const [server, worker] = [new Claims(cells), new Claims(cells)];
  server.offer(0, 5);
  server.offer(1, 6);
  assert.deepEqual([worker.waits(0, 5), worker.taken(0)], [true, false]);
  assert.equal(worker.take(0, 5), true);
  assert.deepEqual([server.take(0, 5), server.waits(0, 5), server.taken(0)], [false, false, true]);
  assert.equal(server.take(1, 6), true);
  assert.equal(worker.take(1, 6), false);
  // A place is used again for the next job; who still waits for the one before has no part in it.
  server.offer(0, 7);
  assert.deepEqual([worker.take(0, 5), worker.waits(0, 7)], [false, true]);
});

Deno.test("claims: a guest's time runs from its call, not from when its job was taken", () => {
  const cells = sharedClaims(3);
  const [server, worker] = [new Claims(cells), new Claims(cells)];
  server.offer(2, 9);
  worker.take(2, 9);
  assert.equal(server.running(2), undefined);
  worker.begin(2);
  const running = server.running(2);
  assert.ok(running !== undefined && running >= 0 && server.taken(2));
  server.offer(2, 10);
  assert.equal(server.running(2), undefined);
});
