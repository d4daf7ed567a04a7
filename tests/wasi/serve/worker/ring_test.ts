/** Records between threads: what is written is read, whole and in order, whatever the sizes. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  answerRecord,
  jobOf,
  jobRecord,
  returnedRecord,
  saidIn,
} from "../../../../src/wasi/serve/worker/record.ts";
import { RingReader, RingWriter, sharedRing } from "../../../../src/wasi/serve/worker/ring.ts";

const LARGEST = 60_000;

function ring() {
  const memory = sharedRing();
  return { writer: new RingWriter(memory), reader: new RingReader(memory) };
}

Deno.test("ring: records come out as they went in, also around the end and when it is full", () => {
  fc.assert(fc.property(
    fc.array(
      fc.record({ size: fc.integer({ min: 0, max: LARGEST }), takes: fc.integer({ min: 0, max: 3 }) }),
      {
        maxLength: 200,
      },
    ),
    (steps) => {
      const { writer, reader } = ring();
      const waiting: number[] = [];
      let number = 0;
      const take = () => {
        const record = reader.take();
        const size = waiting.shift();
        assert.equal(record?.length, size);
        assert.ok(record === undefined || record.every((byte) => byte === size! % 251));
      };
      for (const { size, takes } of steps) {
        const held = waiting.reduce((sum, one) => sum + one + 8, 0);
        const put = writer.put(new Uint8Array(size).fill(size % 251));
        if (put) waiting.push(size);
        // Refused only where it is nearly full: beside it stands what was left out at the end for one record, itself or
        // an earlier one that is still waiting, and that is less than this record takes.
        else assert.ok(held + (LARGEST + 8) + (size + 8) > 256 * 1024, `${size} refused beside ${held}`);
        for (let at = 0; at < takes; at++) take();
        number++;
      }
      while (waiting.length > 0) take();
      assert.equal(reader.take(), undefined);
      assert.equal(number, steps.length);
    },
  ));
});

Deno.test("ring: a reader that sleeps is to be woken once, and does not sleep beside a record", () => {
  const { writer, reader } = ring();
  assert.equal(writer.mustWake(), true, "asleep at first");
  assert.equal(writer.mustWake(), false);
  writer.cells[0] = 7;
  writer.put(new Uint8Array(5));
  assert.equal(reader.sleep(), false);
  assert.equal(writer.mustWake(), false);
  assert.equal(reader.take()?.length, 5);
  assert.equal(reader.sleep(), true);
  assert.equal(writer.mustWake(), true);
  assert.equal(reader.cells[0], 7);
});

const latin1 = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
const headers = fc.array(fc.tuple(latin1, latin1), { maxLength: 20 });
const body = fc.option(fc.uint8Array({ maxLength: 16 * 1024 }), { nil: undefined });

Deno.test("records: jobs and answers come out as they went in", () => {
  const job = fc.record({
    t: fc.constant("job" as const),
    id: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    place: fc.integer({ min: 0, max: 100 }),
    scheme: fc.constantFrom("http" as const, "https" as const),
    name: latin1,
    method: latin1,
    authority: latin1,
    path: latin1,
    headers,
    body,
  });
  fc.assert(fc.property(job, (job) => assert.deepEqual(jobOf(copied(jobRecord(job))), { ...job })));
  const answer = fc.record({
    t: fc.constant("answer" as const),
    id: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    status: fc.integer({ min: 100, max: 999 }),
    headers,
    body,
    trailers: headers,
  });
  fc.assert(
    fc.property(answer, (answer) => assert.deepEqual(saidIn(copied(answerRecord(answer))), { ...answer })),
  );
  assert.deepEqual(saidIn(copied(returnedRecord(9))), { t: "returned", id: 9 });
});

Deno.test("records: what is large, comes in pieces or is not Latin-1 is none", () => {
  const job = { t: "job" as const, id: 1, place: 0, scheme: "http" as const, name: "a-1", method: "GET" };
  const plain = { ...job, authority: "a", path: "/", headers: [], body: undefined };
  assert.ok(jobRecord(plain) !== undefined);
  assert.equal(jobRecord({ ...plain, body: "stream" }), undefined);
  assert.equal(jobRecord({ ...plain, body: new Uint8Array(16 * 1024 + 1) }), undefined);
  assert.equal(jobRecord({ ...plain, path: `/${"x".repeat(48 * 1024)}` }), undefined);
  assert.equal(jobRecord({ ...plain, headers: [["x-name", "\u0141"]] }), undefined);
  assert.ok(jobRecord(plain) !== undefined, "none is left over");
});

function copied(record: Uint8Array | undefined): Uint8Array<ArrayBuffer> {
  assert.ok(record !== undefined);
  return new Uint8Array(record);
}
