import assert from "node:assert/strict";
import {
  checkPreconditions,
  parseContentRange,
  parseETag,
  parseETagList,
  type Path,
  type Preconditions,
  resolveRange,
} from "../../src/store/mod.ts";
import fc from "fast-check";
import { formatContentRange, formatRange, type GetRange, InvalidRangeError } from "../../src/store/mod.ts";

const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1000);

function outcome(options: Preconditions, eTag: string | undefined = '"123"'): string {
  try {
    checkPreconditions(options, { location: "a" as Path, lastModified: at(0), eTag }, "Test");
    return "ok";
  } catch (error) {
    return (error as Error).name;
  }
}

Deno.test("preconditions follow the order of RFC 9110", () => {
  const table: [Preconditions, string][] = [
    [{}, "ok"],
    [{ ifUnmodifiedSince: at(0) }, "ok"],
    [{ ifUnmodifiedSince: at(1) }, "ok"],
    [{ ifUnmodifiedSince: at(-1) }, "PreconditionError"],
    [{ ifModifiedSince: at(0) }, "NotModifiedError"],
    [{ ifModifiedSince: at(1) }, "NotModifiedError"],
    [{ ifModifiedSince: at(-1) }, "ok"],
    [{ ifMatch: '"123"' }, "ok"],
    [{ ifMatch: '"12", "123"' }, "ok"],
    [{ ifMatch: "123" }, "ok"],
    [{ ifMatch: " * " }, "ok"],
    [{ ifMatch: 'W/"123"' }, "PreconditionError"],
    [{ ifMatch: '"12"' }, "PreconditionError"],
    [{ ifMatch: "" }, "PreconditionError"],
    [{ ifNoneMatch: '"123"' }, "NotModifiedError"],
    [{ ifNoneMatch: 'W/"123"' }, "NotModifiedError"],
    [{ ifNoneMatch: '"1", W/"123"' }, "NotModifiedError"],
    [{ ifNoneMatch: "*" }, "NotModifiedError"],
    [{ ifNoneMatch: '"12","3"' }, "ok"],
    // Each ETag condition silences its date.
    [{ ifMatch: '"123"', ifUnmodifiedSince: at(-1) }, "ok"],
    [{ ifMatch: '"1"', ifUnmodifiedSince: at(1) }, "PreconditionError"],
    [{ ifNoneMatch: '"1"', ifModifiedSince: at(1) }, "ok"],
    [{ ifNoneMatch: '"123"', ifModifiedSince: at(-1) }, "NotModifiedError"],
    // Failing to match comes before not being modified.
    [{ ifMatch: '"1"', ifNoneMatch: '"123"' }, "PreconditionError"],
    [{ ifUnmodifiedSince: at(-1), ifModifiedSince: at(1) }, "PreconditionError"],
    [{ ifMatch: '"123"', ifModifiedSince: at(1) }, "NotModifiedError"],
    [{ ifModifiedSince: new Date(NaN) }, "GenericError"],
  ];
  for (const [options, expected] of table) assert.equal(outcome(options), expected, JSON.stringify(options));
});

Deno.test("an object without an ETag matches only the star, a weak one never strongly", () => {
  const none = (options: Preconditions) => {
    try {
      checkPreconditions(options, { location: "a" as Path, lastModified: at(0) }, "Test");
      return "ok";
    } catch (error) {
      return (error as Error).name;
    }
  };
  assert.equal(none({ ifMatch: '"1"' }), "PreconditionError");
  assert.equal(none({ ifMatch: "*" }), "ok");
  assert.equal(none({ ifNoneMatch: '"1"' }), "ok");
  assert.equal(none({ ifNoneMatch: "*" }), "NotModifiedError");
  assert.equal(outcome({ ifMatch: 'W/"1"' }, 'W/"1"'), "PreconditionError");
  assert.equal(outcome({ ifNoneMatch: '"1"' }, 'W/"1"'), "NotModifiedError");
  assert.equal(outcome({ ifMatch: '"a,b"' }, '"a,b"'), "ok");
  assert.equal(outcome({ ifMatch: '"a", "b"' }, '"a,b"'), "PreconditionError");
});

Deno.test("property: ETag lists are taken apart as they were put together", () => {
  const tag = fc.record({
    weak: fc.boolean(),
    opaque: fc.string({ unit: fc.constantFrom("a", ",", " ", "*", "/", "W", "\\", "é") }),
  }, { noNullPrototype: true });
  const written = (of: { weak: boolean; opaque: string }) => `${of.weak ? "W/" : ""}"${of.opaque}"`;
  fc.assert(fc.property(fc.array(tag), fc.constantFrom(",", ", ", " ,, "), (tags, separator) => {
    assert.deepEqual(parseETagList(tags.map(written).join(separator)), tags);
    for (const each of tags) assert.deepEqual(parseETag(written(each)), each);
  }));
});

Deno.test("property: a resolved range is what slicing gives", () => {
  const number = fc.nat({ max: 30 });
  const range: fc.Arbitrary<GetRange> = fc.oneof(
    fc.record({ start: number, end: number }),
    fc.record({ offset: number }),
    fc.record({ suffix: number }),
  );
  fc.assert(
    fc.property(range, fc.nat({ max: 20 }), (range, size) => {
      const data = Array.from({ length: size }, (_, i) => i);
      const start = "suffix" in range
        ? Math.max(0, size - range.suffix)
        : "offset" in range
        ? range.offset
        : range.start;
      const end = "end" in range ? range.end : size;
      const invalid = !("suffix" in range) && (start >= size || ("end" in range && end <= start));
      if (invalid) return assert.throws(() => resolveRange(range, size), InvalidRangeError);
      const resolved = resolveRange(range, size);
      assert.deepEqual(data.slice(resolved.start, resolved.end), data.slice(start, end));
      if (resolved.start < resolved.end) {
        const parsed = parseContentRange(formatContentRange(resolved, size));
        assert.deepEqual(parsed, { range: resolved, size });
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("ranges and content ranges in header form", () => {
  assert.equal(formatRange({ start: 3, end: 7 }), "bytes=3-6");
  assert.equal(formatRange({ offset: 3 }), "bytes=3-");
  assert.equal(formatRange({ suffix: 3 }), "bytes=-3");
  assert.equal(formatContentRange(undefined, 9), "bytes */9");
  assert.deepEqual(parseContentRange("bytes */9"), { size: 9 });
  assert.deepEqual(parseContentRange("Bytes 0-0/*"), { range: { start: 0, end: 1 }, size: undefined });
  for (
    const bad of ["", "bytes 5-4/9", "bytes 0-9/9", "items 0-1/9", "bytes */*", "bytes 0-1", "bytes 0-1/9,"]
  ) {
    assert.equal(parseContentRange(bad), undefined, bad);
  }
  assert.equal(parseContentRange("bytes 0-99999999999999999999/*"), undefined);
});

Deno.test("an invalid range tells the object's size", () => {
  assert.throws(() => resolveRange({ offset: 9 }, 9, { store: "S", path: "a" }), {
    name: "InvalidRangeError",
    size: 9,
    path: "a",
    store: "S",
  });
});
