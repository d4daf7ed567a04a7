/** The page scanner, held against the XML parser on generated pages. */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import { parseListPage, readListPage } from "../../../../src/stores/s3/listing/page.ts";
import { type ListedObject, pageMemory } from "../../../../src/stores/s3/listing/objects.ts";
import { type ListPage, ListPageScanner } from "../../../../src/stores/s3/listing/scanner.ts";

/** Pages are read into the same memory, one after the other, as those of a listing are. */
const memory = pageMemory();

function scan(text: string, pieceLength = 64): ReadPage | undefined {
  const scanner = new ListPageScanner(memory);
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += pieceLength) scanner.push(bytes.subarray(at, at + pieceLength));
  const page = scanner.finish();
  return page && read(page);
}

type ReadPage = Omit<ListPage, "objects"> & { readonly objects: readonly ListedObject[] };

/** A page with its objects made. */
function read(page: ListPage): ReadPage {
  return { ...page, objects: [...page.objects] };
}

async function readPage(text: string): Promise<ReadPage> {
  return read(await readListPage(new Blob([text]).stream(), memory));
}

const PAGE = `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Name>bucket</Name><Prefix/><KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>true</IsTruncated>
  <NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</NextContinuationToken>
  <Contents><Key>a &amp; b&#33;</Key><LastModified>2009-10-12T17:50:30.000Z</LastModified>
    <ETag>&quot;fba9dede5f27731c9771645a39863328&quot;</ETag><Size>434234</Size><StorageClass>STANDARD</StorageClass>
    <Owner><ID>x</ID><DisplayName>y</DisplayName></Owner></Contents>
  <CommonPrefixes><Prefix>photos/</Prefix></CommonPrefixes>
</ListBucketResult>`;

Deno.test("a page is read whole, whatever pieces it comes in", () => {
  for (let length = 1; length < 90; length++) {
    const page = scan(PAGE, length);
    assert.deepEqual(page, {
      objects: [{
        key: "a & b!",
        size: 434234,
        lastModified: new Date("2009-10-12T17:50:30.000Z"),
        eTag: '"fba9dede5f27731c9771645a39863328"',
      }],
      commonPrefixes: ["photos/"],
      isTruncated: true,
      nextContinuationToken: "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=",
    }, `pieces of ${length}`);
  }
});

Deno.test("a page that is out of the ordinary is left to the XML parser", async () => {
  const odd: [string, string][] = [
    ["<Key>a &amp; b&#33;</Key>", "<Key><![CDATA[a & b!]]></Key>"],
    ["<Key>", "<!-- a comment --><Key>"],
    ["<Key>", "<?pi x?><Key>"],
    ["<Size>", '<Size xml:space="default">'],
    ["<Size>", `<Size${" ".repeat(300_000)}>`],
    ["<Owner>", `<Owner>${" ".repeat(300_000)}`],
    ["<DisplayName>", `<DisplayName>${"x".repeat(300_000)}`],
  ];
  const expected = scan(PAGE);
  for (const [plain, strange] of odd) {
    const text = PAGE.replace(plain, strange);
    assert.equal(scan(text, 1024), undefined, strange.slice(0, 80));
    assert.deepEqual(await readPage(text), expected, strange);
  }
  const prefixed = PAGE.replace(/<(\/?)(?=[A-Z])/g, "<$1s3:").replace("xmlns=", "xmlns:s3=");
  assert.equal(scan(prefixed), undefined);
  assert.deepEqual(await readPage(prefixed), expected);
});

Deno.test("a page that is cut short or is no page is an error", async () => {
  for (
    const text of [
      "",
      "<html><body>Login</body></html>",
      PAGE.slice(0, -3),
      PAGE.slice(0, PAGE.length / 2),
      " ".repeat(300_000),
      "x",
    ]
  ) {
    await assert.rejects(() => readPage(text), JSON.stringify(text.slice(0, 20)));
  }
  for (
    const [from, to] of [["434234", "many"], ["2009-10-12", "yesterday"], ["<Key>a &amp; b&#33;</Key>", ""]]
  ) {
    await assert.rejects(() => readPage(PAGE.replace(from!, to!)), to);
  }
});

Deno.test("what only looks plain is read as the XML parser reads it, or left to it", async () => {
  const url = "<EncodingType>url</EncodingType>";
  for (
    const [from, to] of [
      // Go's zero time; `Date.UTC` would make it 1901.
      ["2009-10-12T17", "0001-01-01T17"],
      ["2009-10-12T17", "0099-10-12T17"],
      ["<IsTruncated>", "<IsTruncated>false</IsTruncated><IsTruncated>"],
      ["<NextContinuationToken>", "<NextContinuationToken/><NextContinuationToken>"],
      ["<Name>", `${url}<EncodingType/><Name>`],
      ["<Name>", "\ufeff<Name>"],
      ["<?xml", "\ufeff<?xml"],
      ["a &amp; b", "\ufeff"],
    ] as const
  ) {
    const text = PAGE.replace(from, to);
    const parsed = await parseListPage(text.replace(/^\ufeff/, "")).then(read, () => undefined);
    const scanned = scan(text);
    if (scanned !== undefined) assert.deepEqual(scanned, parsed, to);
    if (parsed !== undefined) assert.deepEqual(await readPage(text), parsed, to);
  }
  // An entity may stand for the percent sign of an escape that is none: that is told by the page, not by an object.
  const escaped = PAGE.replace("<Name>", `${url}<Name>`).replace("a &amp; b", "a&#37;zz");
  assert.equal(scan(escaped), undefined);
  await assert.rejects(() => readListPage(new Blob([escaped]).stream(), memory), /URI/);
  const latin = new TextEncoder().encode(PAGE.replace(/>$/, "~>"));
  latin[latin.length - 2] = 0xa0;
  await assert.rejects(() => readListPage(new Blob([latin]).stream(), memory), /not a whole/);
});

Deno.test("bytes that are no UTF-8 are read alike by scanner and by XML parser", async () => {
  const pieces = ["ef", "bb", "bf", "be", "c3", "a9", "e2", "82", "f0", "9f", "ed", "a0", "ff", "41"];
  const bytes = fc.array(fc.constantFrom(...pieces.map((hex) => parseInt(hex, 16))), { maxLength: 6 });
  const object = "<Contents><Key>\0k</Key><LastModified>2009-10-12T17:50:30.000Z</LastModified>" +
    "<ETag>&quot;\0e</ETag><Size>1</Size></Contents>";
  const texts = `<ListBucketResult>${object}${object}</ListBucketResult>`.split("\0");
  let scans = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(bytes, { minLength: 4, maxLength: 4 }), async (odd) => {
      const scanner = new ListPageScanner(memory);
      const page = new Blob(texts.flatMap((text, i) => [text, Uint8Array.from(odd[i] ?? [])]));
      scanner.push(new Uint8Array(await page.arrayBuffer()));
      const scanned = scanner.finish();
      if (scanned === undefined) return;
      scans++;
      assert.deepEqual(read(scanned), read(await parseListPage(scanner.text())));
    }),
    { numRuns: 5_000 },
  );
  assert.ok(scans > 2_500, `only ${scans} of 5,000 pages were scanned`);
});

Deno.test("pages of any size are read, and objects made as they are asked for", async () => {
  const contents = (i: number) =>
    `<Contents><Key>${i}/${
      "k".repeat(i % 700)
    }é&amp;&quot;</Key><LastModified>2009-10-12T17:50:30.000Z</LastModified>${
      i % 3 === 0 ? "" : `<ETag>&quot;${i}&quot;</ETag>`
    }<Size>${i}</Size></Contents>`;
  for (const count of [1, 31, 32, 33, 1500, 3000]) {
    const all = Array.from({ length: count }, (_, i) => contents(i)).join("");
    const { objects } = await readPage(`<ListBucketResult>${all}</ListBucketResult>`);
    assert.equal(objects.length, count);
    for (const [i, { key, size, eTag }] of objects.entries()) {
      assert.deepEqual([key, size, eTag], [
        `${i}/${"k".repeat(i % 700)}é&"`,
        i,
        i % 3 === 0 ? undefined : `"${i}"`,
      ]);
    }
  }
});

// Generated pages: mostly what services send, and each oddity now and then.

const keyText = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.string({ unit: fc.constantFrom(..."abc/0-_.=+ %~"), minLength: 1, maxLength: 24 }),
  },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 6 }) },
).filter((text) => text.isWellFormed() && [...text].every(isXmlCharacter));

function isXmlCharacter(character: string): boolean {
  const code = character.codePointAt(0)!;
  return code === 9 || code === 10 || code === 13 || (code >= 0x20 && code < 0xfffe) || code >= 0x10000;
}

const escapes = fc.constantFrom("named", "decimal", "hex", "cdata" as const);

function xml(text: string, style: string): string {
  if (style === "cdata") {
    return `<![CDATA[${text.replaceAll("]]>", "]]]]><![CDATA[>").replaceAll("\r", "")}]]>`;
  }
  return [...text].map((character) => {
    if (!/[&<>"'\r\n\t]/.test(character)) return character;
    const code = character.codePointAt(0)!;
    if (style === "hex") return `&#x${code.toString(16)};`;
    const named = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" }[character];
    return style === "named" && named ? named : `&#${code};`;
  }).join("");
}

const rarely = (value: string) =>
  fc.oneof({ weight: 30, arbitrary: fc.constant("") }, { weight: 1, arbitrary: fc.constant(value) });

const entry = fc.record({
  key: keyText,
  style: fc.oneof({ weight: 8, arbitrary: fc.constant("named") }, { weight: 1, arbitrary: escapes }),
  size: fc.nat(2 ** 31 - 1),
  time: fc.integer({ min: 0, max: 4e12 }),
  millis: fc.boolean(),
  eTag: fc.option(fc.string({ unit: fc.constantFrom(..."0123456789abcdef-"), minLength: 1, maxLength: 34 }), {
    nil: undefined,
  }),
  order: fc.integer({ min: 0, max: 23 }),
  extra: fc.constantFrom(
    "",
    "",
    "",
    "<Owner><ID>i</ID><DisplayName>d &amp; e</DisplayName></Owner>",
    "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm>",
    "<Unknown/>",
    "<RestoreStatus><A><B>c</B></A></RestoreStatus>",
    "<StorageClass>GLACIER</StorageClass>",
  ),
  odd: rarely("<!-- x -->"),
});

const page = fc.record({
  entries: fc.array(entry, { maxLength: 5 }),
  prefixes: fc.array(fc.tuple(keyText, fc.constantFrom("named", "decimal")), { maxLength: 3 }),
  urlEncoded: fc.boolean(),
  encodingLast: fc.boolean(),
  token: fc.option(fc.string({ unit: fc.constantFrom(..."abcXYZ019+/="), minLength: 1, maxLength: 20 }), {
    nil: undefined,
  }),
  space: fc.constantFrom("", "", "\n", "\n  ", "\t"),
  prolog: fc.constantFrom(
    "",
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<?xml version='1.0' encoding='utf-8' ?>\n`,
  ),
  xmlns: fc.constantFrom("", ` xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`),
  namespace: rarely("ns:"),
  tail: fc.constantFrom("", "\n"),
});

function permute<T>(items: readonly T[], order: number): T[] {
  const rest = [...items];
  const result: T[] = [];
  for (let n = order; rest.length > 0; n = Math.floor(n / Math.max(1, rest.length + 1))) {
    result.push(...rest.splice(n % rest.length, 1));
  }
  return result;
}

function formEncode(text: string): string {
  return encodeURIComponent(text).replaceAll("%20", "+").replaceAll("%2F", "/");
}

function render(p: typeof page extends fc.Arbitrary<infer T> ? T : never): string {
  const encode = p.urlEncoded ? formEncode : (text: string) => text;
  const contents = p.entries.map((e) => {
    const date = new Date(e.time).toISOString();
    const children = [
      `<Key>${xml(encode(e.key), e.style)}</Key>`,
      `<LastModified>${e.millis ? date : date.replace(/\.\d+/, "")}</LastModified>`,
      `<Size>${e.size}</Size>`,
      e.eTag === undefined ? "" : `<ETag>&quot;${e.eTag}&quot;</ETag>`,
    ];
    return `<Contents>${p.space}${permute(children, e.order).join(p.space)}${e.extra}${e.odd}</Contents>`;
  });
  const encodingType = p.urlEncoded ? "<EncodingType>url</EncodingType>" : "";
  const body = [
    "<Name>bucket</Name><Prefix></Prefix>",
    p.encodingLast ? "" : encodingType,
    `<IsTruncated>${p.token !== undefined}</IsTruncated>`,
    p.token === undefined ? "" : `<NextContinuationToken>${p.token}</NextContinuationToken>`,
    ...contents,
    ...p.prefixes.map(([prefix, style]) =>
      `<CommonPrefixes><Prefix>${xml(encode(prefix), style)}</Prefix></CommonPrefixes>`
    ),
    p.encodingLast ? encodingType : "",
  ].join(p.space);
  const text = `${p.prolog}<ListBucketResult${p.xmlns}>${body}</ListBucketResult>${p.tail}`;
  return p.namespace === "" ? text : text.replace(/<(\/?)(?=[A-Z])(?![^<]*]]>)/g, `<$1${p.namespace}`);
}

Deno.test("100,000 generated pages read the same by scanner and by XML parser", async () => {
  let scanned = 0;
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(page, fc.integer({ min: 1, max: 200 }), async (generated, pieceLength) => {
      const text = render(generated);
      const quick = scan(text, pieceLength);
      compared++;
      if (quick === undefined) return;
      scanned++;
      assert.deepEqual(quick, read(await parseListPage(text)), text);
    }),
    { numRuns: 100_000 },
  );
  assert.ok(compared >= 100_000);
  assert.ok(scanned > compared * 0.5, `only ${scanned} of ${compared} pages were ordinary`);
});

Deno.test("damaged pages are never read differently by scanner and by XML parser", async () => {
  await fc.assert(
    fc.asyncProperty(
      page,
      fc.nat(),
      fc.constantFrom("<", ">", "&", "/", " ", "\0", "x", ""),
      async (generated, at, damage) => {
        const text = render(generated);
        const position = at % (text.length + 1);
        // Half a character is damaged further on its way through UTF-8.
        const damaged = (text.slice(0, position) + damage + text.slice(position + 1)).toWellFormed();
        const quick = scan(damaged);
        if (quick === undefined) return;
        assert.deepEqual(quick, read(await parseListPage(damaged)), damaged);
      },
    ),
    { numRuns: 20_000 },
  );
});
