// Small pieces of a stream as few large ones, without holding anything back.
import { strict as assert } from "node:assert";
import { GatheringReader } from "../../src/http/gathering_reader.ts";

const KIB = 1024;

async function sizes(stream: ReadableStream<Uint8Array>): Promise<number[]> {
  const reader = new GatheringReader(stream);
  const all: number[] = [];
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    all.push(step.value.byteLength);
  }
  return all;
}

/** `count` pieces of `size` bytes, all in one buffer that is used again for each. */
function reusing(count: number, size: number): ReadableStream<Uint8Array> {
  const buffer = new Uint8Array(size);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      buffer.fill(at);
      controller.enqueue(buffer);
      if (++at === count) controller.close();
    },
  }, { highWaterMark: 0 });
}

Deno.test("small pieces that are there are gathered up to 256 KiB, large ones go as they are", async () => {
  assert.deepEqual(await sizes(reusing(40, 16 * KIB)), [256 * KIB, 256 * KIB, 128 * KIB]);
  assert.deepEqual(await sizes(reusing(3, 200 * KIB)), [200 * KIB, 200 * KIB, 200 * KIB]);
  assert.deepEqual(await sizes(new Blob([]).stream()), []);
});

Deno.test("gathered bytes are those of their time, though the source uses its buffer again", async () => {
  const reader = new GatheringReader(reusing(5, 1000));
  const { value } = await reader.read();
  assert.deepEqual(value, Uint8Array.from({ length: 5000 }, (_, i) => Math.floor(i / 1000)));
  assert.equal((await reader.read()).done, true);
});

Deno.test("a piece goes out while the next is not there", async () => {
  let give!: (text: string | undefined) => void;
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      give = (text) =>
        text === undefined ? controller.close() : controller.enqueue(new TextEncoder().encode(text));
    },
  });
  const reader = new GatheringReader(stream);
  for (const text of ["ask", "answer", "thanks"]) {
    give(text);
    assert.equal(new TextDecoder().decode((await reader.read()).value), text);
  }
  give(undefined);
  assert.equal((await reader.read()).done, true);
});

Deno.test("what fails, or is no piece, comes after the pieces before it", async () => {
  const reason = new Error("broken");
  const pieces = [new Uint8Array(1), new Uint8Array(2)];
  const failing = new ReadableStream<Uint8Array>({
    pull: (controller) => pieces.length > 0 ? controller.enqueue(pieces.shift()!) : controller.error(reason),
  }, { highWaterMark: 0 });
  const reader = new GatheringReader(failing);
  assert.equal((await reader.read()).value?.byteLength, 3);
  await assert.rejects(reader.read(), (error) => error === reason);
  const odd = new GatheringReader(
    ReadableStream.from([new Uint8Array(1), "text"]) as ReadableStream<Uint8Array>,
  );
  assert.equal((await odd.read()).value?.byteLength, 1);
  assert.equal((await odd.read()).value, "text");
});

Deno.test("giving up while a read ahead is under way cancels the source", async () => {
  let cancelled: unknown;
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(1)),
    cancel: (reason) => void (cancelled = reason),
  });
  const reader = new GatheringReader(stream);
  await reader.read();
  await reader.cancel("enough");
  assert.equal(cancelled, "enough");
});
