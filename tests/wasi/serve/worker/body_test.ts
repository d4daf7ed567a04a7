/** Bodies between threads: whole, in order, never far ahead of their reader, whoever gives up first. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { BodySource } from "../../../../src/wasi/serve/exchange.ts";
import { BodyReceiver, BodySender } from "../../../../src/wasi/serve/worker/body.ts";
import type { BodyMessage, WantMessage } from "../../../../src/wasi/serve/worker/protocol.ts";

/** Pieces that may be on their way unasked. */
const AHEAD = 2;

/** A body of so many pieces, then its end or an error. */
function source(count: number, breaks = false) {
  const state = { read: 0, cancelled: false };
  const body: BodySource = {
    read() {
      if (state.read === count && breaks) return Promise.reject(new Error("gone"));
      return Promise.resolve(
        state.read === count || state.cancelled ? undefined : Uint8Array.of(state.read++),
      );
    },
    cancel: () => void (state.cancelled = true),
  };
  return { body, state };
}

/** Both ends, and a line between them on which nothing moves but by `deliver`. */
function line(body: BodySource, waits = false) {
  const told: (BodyMessage | WantMessage)[] = [];
  const over: string[] = [];
  const sender = new BodySender(7, {
    body,
    trailers: () => [["x-sum", "1"]],
    send: (message) => void told.push(message),
    over: () => over.push("sender"),
  });
  const receiver = new BodyReceiver(7, {
    send: (message) => void told.push(message),
    broken: "The rest is lost",
    waits,
    over: () => over.push("receiver"),
  });
  const deliver = async () => {
    const message = told.shift();
    if (message === undefined) return false;
    assert.equal(message.id, 7);
    if (message.t === "more" || message.t === "cancel") sender.told(message);
    else receiver.told(message);
    await settled();
    return true;
  };
  return { sender, receiver, told, over, deliver };
}

/** Lets everything that needs no further message happen. */
async function settled(): Promise<void> {
  for (let hop = 0; hop < 20; hop++) await undefined;
}

async function all(receiver: BodyReceiver): Promise<number[]> {
  const numbers: number[] = [];
  for (let piece = await receiver.read(); piece !== undefined; piece = await receiver.read()) {
    numbers.push(...piece);
  }
  return numbers;
}

Deno.test("bodies: every piece arrives once and in order, and no more are under way than may be", async () => {
  await fc.assert(fc.asyncProperty(
    fc.integer({ min: 0, max: 20 }),
    fc.boolean(),
    fc.infiniteStream(fc.constantFrom("read" as const, "deliver" as const)),
    async (count, waits, steps) => {
      const { body, state } = source(count);
      const { sender, receiver, told, over, deliver } = line(body, waits);
      if (!waits) sender.proceed(0);
      await settled();
      if (waits) assert.equal(sender.begun, false, "begun without having been asked");
      const numbers: number[] = [];
      let reading: Promise<void> | undefined, ended = false;
      while (!ended) {
        if (reading !== undefined) assert.ok(await deliver(), "one end waits, and the other says nothing");
        else if (told.length > 0 && steps.next().value === "deliver") await deliver();
        else {
          reading = receiver.read().then((piece) => {
            reading = undefined;
            if (piece === undefined) ended = true;
            else numbers.push(...piece);
          });
        }
        await settled();
        assert.ok(state.read - numbers.length <= AHEAD, `${state.read} read, ${numbers.length} taken`);
      }
      assert.deepEqual(numbers, Array.from({ length: count }, (_, at) => at));
      assert.deepEqual(receiver.trailers, [["x-sum", "1"]]);
      assert.deepEqual(over, ["sender", "receiver"]);
    },
  ));
});

Deno.test("bodies: one that breaks is read as far as it came", async () => {
  const { sender, receiver, told, deliver } = line(source(1, true).body);
  sender.proceed(0);
  await settled();
  assert.deepEqual(told.map(({ t }) => t), ["piece", "broken"]);
  while (await deliver());
  assert.deepEqual(await receiver.read(), Uint8Array.of(0));
  await assert.rejects(receiver.read(), /The rest is lost/);
});

Deno.test("bodies: a reader that gives up ends the body at the other end, once", async () => {
  const { body, state } = source(10);
  const { sender, receiver, told, over, deliver } = line(body);
  sender.proceed(0);
  await settled();
  receiver.cancel();
  receiver.cancel();
  assert.deepEqual(told.map(({ t }) => t), ["piece", "piece", "cancel"]);
  while (await deliver());
  assert.equal(state.cancelled, true);
  assert.deepEqual([sender.over, receiver.over, over], [true, true, ["receiver", "sender"]]);
  assert.deepEqual(await all(receiver), [], "nothing is left of what was on its way");
});

Deno.test("bodies: a sender that is stopped says nothing more, and leaves the body alone", async () => {
  const { body, state } = source(10);
  const { sender, told, over } = line(body);
  sender.proceed(0);
  sender.stop();
  await settled();
  sender.proceed(5);
  await settled();
  assert.deepEqual([told, over, state.cancelled], [[], ["sender"], false]);
});
