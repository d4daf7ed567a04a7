import assert from "node:assert/strict";
import fc from "fast-check";
import {
  comparePaths,
  encodePath,
  extensionOf,
  fileNameOf,
  isPath,
  joinPath,
  parentOf,
  parseKey,
  parseObjectPath,
  parsePath,
  type Path,
  pathFromSegments,
  pathFromUrl,
  prefixMatch,
  rawPath,
  segmentsOf,
} from "../../src/store/mod.ts";

const p = (text: string) => text as Path;
/** Any text that has a UTF-8 form. */
const text = fc.string({ unit: "binary" }).filter((each) => each.isWellFormed());
const segment = fc.string({ unit: "grapheme", minLength: 1 }).filter((each) =>
  isPath(each) && !each.includes("/")
);
const path = fc.array(segment, { maxLength: 5 }).map((segments) => p(segments.join("/")));
const bytes = (of: string) => new TextEncoder().encode(of);

Deno.test("parse takes what is valid as it is, and one slash off each end", () => {
  const valid = { "": "", "/": "", "foo/bar": "foo/bar", "/foo/bar/": "foo/bar", "a b/%2F~#": "a b/%2F~#" };
  for (const [input, expected] of Object.entries(valid)) assert.equal(parsePath(input), expected);
  for (const input of ["%Z", "%%", "%Q.parquet", "🇦🇺/$shenanigans@@~.txt", "...", "a\\b", "\u0080"]) {
    assert.equal(parsePath(input), input);
  }
});

Deno.test("parse refuses what cannot be a path, and says why", () => {
  const invalid: [string, RegExp][] = [
    ["//", /empty segment/],
    ["foo//bar", /empty segment/],
    ["foo///bar", /empty segment/],
    ["//foo", /empty segment/],
    ["foo//", /empty segment/],
    [".", /segment "\."/],
    ["foo/../bar", /segment "\.\."/],
    ["a\nb", /control character U\+000a/],
    ["\u007f", /control character U\+007f/],
    ["a/\ud800", /lone surrogate/],
  ];
  for (const [input, message] of invalid) {
    assert.throws(() => parsePath(input, "S3"), {
      name: "InvalidPathError",
      store: "S3",
      path: input,
      message,
    });
  }
  for (const input of [undefined, null, 1, {}]) {
    assert.throws(() => parsePath(input as unknown as string), { name: "InvalidPathError" });
  }
  for (const root of ["", "/"]) assert.throws(() => parseObjectPath(root), { name: "InvalidPathError" });
});

Deno.test("encode gives object_store's forms", () => {
  const forms: Record<string, string> = {
    "foo/bar": "foo/bar",
    "//foo//bar/": "foo/bar",
    "foo%2Fbar": "foo%252Fbar",
    ".": "%2E",
    "a/../b": "a/%2E%2E/b",
    "🙀": "%F0%9F%99%80",
    "a\nb\u007f": "a%0Ab%7F",
    '\\{}^%`[]"<>~#|*?': "%5C%7B%7D%5E%25%60%5B%5D%22%3C%3E%7E%23%7C%2A%3F",
    " !$&'()+,-.:;=@_": " !$&'()+,-.:;=@_",
    "/": "",
  };
  for (const [input, expected] of Object.entries(forms)) assert.equal(encodePath(input), expected);
  assert.equal(pathFromSegments(["foo/bar", "", "..", "x"]), "foo%2Fbar/%2E%2E/x");
  assert.equal(joinPath("a/b", "c/d", "e"), "a/b/c%2Fd/e");
  assert.equal(joinPath("", "a"), "a");
  assert.throws(() => encodePath("\ud800"), { name: "InvalidPathError" });
});

Deno.test("a URL's path is decoded once", () => {
  assert.equal(pathFromUrl("/foo%20bar/%E2%82%AC"), "foo bar/€");
  assert.equal(pathFromUrl("a%2Fb"), "a/b");
  assert.equal(pathFromUrl("%252E%252E"), "%2E%2E");
  assert.equal(pathFromUrl("100%/%zz"), "100%/%zz");
  for (const bad of ["%2E%2E", "a/%2e", "%FF", "%00", "a%2F%2Fb"]) {
    assert.throws(() => pathFromUrl(bad), { name: "InvalidPathError" });
  }
});

Deno.test("paths are taken apart by segments", () => {
  assert.deepEqual(segmentsOf(p("")), []);
  assert.deepEqual(segmentsOf(p("a/b")), ["a", "b"]);
  assert.deepEqual([p(""), p("a"), p("a/b/c")].map(parentOf), [undefined, "", "a/b"]);
  assert.deepEqual([p(""), p("a"), p("a/b")].map(fileNameOf), [undefined, "a", "b"]);
  const extensions = {
    "a.tar.gz": "gz",
    "a": undefined,
    "a.": undefined,
    ".hidden": "hidden",
    "d.x/a": undefined,
  };
  for (const [name, expected] of Object.entries(extensions)) assert.equal(extensionOf(p(name)), expected);
  assert.deepEqual(prefixMatch(p("foo/bar/baz"), p("foo")), ["bar", "baz"]);
  assert.deepEqual(prefixMatch(p("foo"), p("foo")), []);
  assert.deepEqual(prefixMatch(p("foo"), p("")), ["foo"]);
  assert.equal(prefixMatch(p("foobar"), p("foo")), undefined);
  assert.equal(prefixMatch(p("foo"), p("foo/bar")), undefined);
});

Deno.test("raw keys are passed on only where any key may be used", () => {
  const raw = rawPath("a//../b");
  assert.throws(() => parsePath(raw, "LocalFileSystem"), {
    name: "NotSupportedError",
    store: "LocalFileSystem",
  });
  assert.equal(parseKey(raw), "a//../b");
  assert.equal(String(raw), "a//../b");
  for (const bad of ["", "\udfff"]) assert.throws(() => rawPath(bad), { name: "InvalidPathError" });
});

Deno.test("property: encoded text is a valid path, and each segment decodes to what it was", () => {
  fc.assert(fc.property(fc.array(text), (segments) => {
    const encoded = pathFromSegments(segments);
    assert.equal(parsePath(encoded), encoded);
    assert.deepEqual(
      segmentsOf(encoded).map((each) => decodeURIComponent(each)),
      segments.filter((s) => s !== ""),
    );
  }));
});

Deno.test("property: parsing is idempotent, and joining undoes taking apart", () => {
  fc.assert(fc.property(path, (each) => {
    assert.equal(parsePath(each), each);
    assert.equal(parsePath(`/${each}`), each);
    assert.equal(segmentsOf(each).join("/"), each);
    const parent = parentOf(each);
    if (parent !== undefined) {
      assert.deepEqual(prefixMatch(each, parent), [fileNameOf(each)]);
      assert.equal(parent === "" ? fileNameOf(each) : `${parent}/${fileNameOf(each)}`, each);
    }
  }));
});

Deno.test("property: URL paths decode to the paths they were made of", () => {
  fc.assert(fc.property(path, (each) => {
    assert.equal(pathFromUrl(`/${each.split("/").map(encodeURIComponent).join("/")}`), each);
  }));
});

Deno.test("property: paths are ordered as their UTF-8 bytes are", () => {
  const unit = fc.constantFrom("a", "/", "%", " ", "é", "\uffff", "\ue000", "\uff5e", "😀", "\u{10ffff}");
  const words = fc.string({ unit, maxLength: 4 });
  fc.assert(
    fc.property(words, words, (a, b) => {
      const [x, y] = [bytes(a), bytes(b)];
      let expected = x.length - y.length;
      for (let i = Math.min(x.length, y.length) - 1; i >= 0; i--) if (x[i] !== y[i]) expected = x[i]! - y[i]!;
      assert.equal(Math.sign(comparePaths(a, b)), Math.sign(expected));
    }),
    { numRuns: 500 },
  );
  assert.deepEqual(["aa", "a/b", "a%2Fa", "a a/x"].sort(comparePaths), ["a a/x", "a%2Fa", "a/b", "aa"]);
});
