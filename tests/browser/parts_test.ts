/** The page's parts that need no page. */
import { strict as assert } from "node:assert";
import { parseEnvironment, splitArguments } from "../../examples/browser/guests/arguments.ts";
import { formatDuration, formatSize } from "../../examples/browser/page/format.ts";
import { imageType, kindByBytes, kindByName } from "../../examples/browser/preview/kind.ts";
import { formatPlace, parentFolder, parsePlace, type Place } from "../../examples/browser/page/place.ts";
import { numbered } from "../../examples/browser/transfers/upload.ts";

Deno.test("arguments are split as a shell splits them", () => {
  const cases: readonly (readonly [line: string, args: readonly string[]])[] = [
    ["", []],
    ["  a\tb  ", ["a", "b"]],
    [`'a b' "c d"`, ["a b", "c d"]],
    [`a'b'"c"d`, ["abcd"]],
    [`"" ''`, ["", ""]],
    [String.raw`"a\"b" "c\\d" "e\f" 'g\h'`, ['a"b', "c\\d", "e\\f", "g\\h"]],
    [String.raw`a\ b \' \\`, ["a b", "'", "\\"]],
    ["end\\", ["end\\"]],
  ];
  for (const [line, args] of cases) assert.deepEqual(splitArguments(line), args, line);
  for (const line of [`"a`, `a 'b`]) assert.throws(() => splitArguments(line), SyntaxError);
});

Deno.test("an environment is read line by line", () => {
  assert.deepEqual(parseEnvironment("A=1\n\n B =x=y\nC="), { A: "1", B: "x=y", C: "" });
  for (const text of ["A", "=1", "A=1\nB"]) assert.throws(() => parseEnvironment(text), SyntaxError);
});

Deno.test("places survive the way through the URL", () => {
  const places: readonly Place[] = [
    { view: "run", folder: "" },
    { view: "objects", folder: "", object: undefined },
    { view: "objects", folder: "a/b c", object: undefined },
    { view: "objects", folder: "a%2f#?", object: "a%2f#?/ü&=.txt" },
    { view: "objects", folder: "", object: "run" },
  ];
  for (const place of places) assert.deepEqual(parsePlace(formatPlace(place)), place);
  assert.deepEqual(parsePlace(""), { view: "objects", folder: "", object: undefined });
  assert.deepEqual(parsePlace("#/100%"), { view: "objects", folder: "", object: "100%" });
  assert.equal(parentFolder("a"), "");
});

Deno.test("kinds are told by type, then name, then bytes", () => {
  assert.equal(kindByName("a.bin", "image/png"), "image");
  assert.equal(kindByName("a.json", "application/octet-stream"), "json");
  assert.equal(kindByName("a", "application/vnd.api+json; charset=utf-8"), "json");
  assert.equal(kindByName("a.png", "text/html"), "text");
  assert.equal(kindByName("a"), undefined);
  assert.equal(kindByBytes(new TextEncoder().encode("text\n\u001b[1mü")), "text");
  // A character cut off at the end of what was read.
  assert.equal(kindByBytes(new TextEncoder().encode("ü").subarray(0, 1)), "text");
  assert.equal(kindByBytes(new Uint8Array([0xff, 0x41])), "binary");
  assert.equal(kindByBytes(new Uint8Array([65, 0, 65])), "binary");
  assert.equal(kindByBytes(new Uint8Array([0, 0x61, 0x73, 0x6d])), "wasm");
  assert.equal(imageType("a.svg", "text/plain"), "image/svg+xml");
});

Deno.test("names are numbered before their extension", () => {
  assert.equal(numbered("a/b.tar.gz", 2), "a/b (2).tar.gz");
  assert.equal(numbered("b", 3), "b (3)");
  assert.equal(numbered(".profile", 2), ".profile (2)");
});

Deno.test("sizes and durations are short and right", () => {
  const sizes: readonly (readonly [number, string])[] = [
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1536, "1.5 KiB"],
    [1024 * 1023.6, "1.0 MiB"],
    [2 ** 20 * 99.94, "99.9 MiB"],
    [2 ** 30 * 250, "250 GiB"],
  ];
  for (const [bytes, text] of sizes) assert.equal(formatSize(bytes), text);
  assert.equal(formatDuration(85.4), "85 ms");
  assert.equal(formatDuration(2400), "2.4 s");
  assert.equal(formatDuration(185_000), "3 min 05 s");
});
