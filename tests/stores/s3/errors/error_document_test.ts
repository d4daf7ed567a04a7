/** The reader of flat error documents, held against fast-xml-parser. */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import { parseXml, type XmlElement } from "../../../../src/stores/common/xml.ts";
import { readFlatError } from "../../../../src/stores/s3/errors/error_document.ts";

/** As the parser has it, without the whitespace between elements, which nobody asks for. */
function parsed(document: string): XmlElement | undefined {
  try {
    const { "#text": _, ...element } = parseXml(document, { root: "Error" });
    return element;
  } catch {
    return undefined;
  }
}

const PROLOG = '<?xml version="1.0" encoding="UTF-8"?>';

Deno.test("error documents as services write them are read without the parser", () => {
  const documents = [
    `${PROLOG}\n<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>` +
    "<Key>a&amp;b &lt;c&gt; &quot;&apos;&#39;&#x27;ä\u{1f600}</Key><RequestId>1</RequestId><HostId></HostId></Error>",
    '<Error xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Code>AccessDenied</Code></Error>',
    `<?xml version="1.0" encoding="utf-8" standalone="yes"?><Error>\n  <Code>X</Code>\n\t<Message> a\nb </Message>\n</Error>`,
    "<Error></Error>",
  ];
  for (const document of documents) {
    const read = readFlatError(document);
    assert.ok(read !== undefined, document);
    assert.deepEqual({ ...read }, { ...parsed(document) });
  }
});

Deno.test("error documents that are anything else are left to the parser", () => {
  const documents = [
    ...["", "<html></html>", "<Error>", "<Error><Code>A</Code>", "<Error><Code>A</Error>", "<Error/>"],
    "<Error><Code>A</Code></Error><!-- end -->",
    "<Error><Code><![CDATA[A]]></Code></Error>",
    '<Error><Code lang="en">A</Code></Error>',
    "<Error><Code>A</Code><Code>B</Code></Error>",
    "<Error><Code/></Error>",
    "<Error><A><B>c</B></A></Error>",
    "<Error>text<Code>A</Code></Error>",
    "<s3:Error><Code>A</Code></s3:Error>",
    "<Error><x:Code>A</x:Code></Error>",
    "<Error><Code>A</Code >" + "</Error>",
    "<!DOCTYPE Error><Error><Code>A</Code></Error>",
    '<?xml version="1.1"?><Error><Code>A</Code></Error>',
    "<Error><Code>&nbsp;</Code></Error>",
    "<Error><Code>A & B</Code></Error>",
    "<Error><Code>&#0;</Code></Error>",
    "<Error><Code>&#xd800;</Code></Error>",
    "<Error><Code>a\r\nb</Code></Error>",
    "<Error><Code>a\u0000b</Code></Error>",
    "<Error><__proto__>a</__proto__></Error>",
    `<Error><Code>${"&amp;".repeat(101)}</Code></Error>`,
  ];
  for (const document of documents) assert.equal(readFlatError(document), undefined, document);
});

const word = fc.constantFrom(
  ...[
    "NoSuchKey",
    "a",
    " ",
    "\n",
    "\t",
    "\r",
    "ä",
    "\u{1f600}",
    "\ud800",
    "\u0000",
    "\u0085",
    "\u2028",
    "]]>",
    ">",
    "<",
    "&",
  ],
  ...[
    "&amp;",
    "&lt;",
    "&gt;",
    "&quot;",
    "&apos;",
    "&amp;lt;",
    "&amp;amp;",
    "&#38;",
    "&#60;",
    "&#x26;",
    "&#38;lt;",
    "&#13;",
  ],
  ...[
    "&#x1F600;",
    "&#128;",
    "&#160;",
    "&#0;",
    "&#55296;",
    "&nbsp;",
    "&copy;",
    "&cent;",
    "&bogus;",
    "&#;",
    "&#x;",
    "&",
    ";",
    "#",
  ],
  ...["<!-- c -->", "<![CDATA[<x>]]>", "<b>c</b>", "<?pi?>", "</Code>", "<Code/>", "true", "007", "1e3"],
);
// Mostly what services write: else hardly a document would be one that is read here.
const plain = fc.constantFrom(
  "NoSuchKey",
  "The key",
  " ",
  "\n",
  "ä",
  "&amp;",
  "&lt;",
  "&#39;",
  "&#x27;",
  "&quot;",
  "007",
);
const text = fc.oneof(
  { weight: 12, arbitrary: fc.array(plain, { maxLength: 4 }) },
  { weight: 1, arbitrary: fc.array(word, { maxLength: 4 }) },
).map((words) => words.join(""));
const name = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.constantFrom("Code", "Message", "Key", "RequestId", "HostId", "Region", "BucketName"),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "constructor",
      "__proto__",
      "x:Code",
      "a-b",
      "Error",
      "toString",
      "#text",
      "é",
    ),
  },
);
const gap = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom("", "\n", "  ", "\t") },
  { weight: 1, arbitrary: fc.constantFrom("\r\n", "x", "<!-- c -->", "&amp;", "<Empty/>") },
);
const child = fc.tuple(
  gap,
  name,
  text,
  fc.oneof(
    { weight: 20, arbitrary: fc.constant("") },
    { weight: 1, arbitrary: fc.constantFrom(' a="b"', " ", "/", '"') },
  ),
).map(([gap, name, text, extra]) => `${gap}<${name}${extra}>${text}</${name}>`);
const prolog = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom("", PROLOG, `${PROLOG}\n`, '<?xml version="1.0"?>') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('<?xml version="1.1"?>', "<!DOCTYPE Error>", "<!-- c -->", "<?x?>", "text"),
  },
);
const root = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.constantFrom("<Error>", '<Error xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "<x:Error>",
      "<Error a='b'>",
      "<Error xmlns='a'>",
      '<Error xmlns:x="y">',
      "<error>",
    ),
  },
);
const document = fc.record({
  prolog,
  root,
  children: fc.uniqueArray(child, { maxLength: 6, selector: (child) => /<([^>\s/"]*)/.exec(child)?.[1] }),
  last: gap,
  end: fc.oneof(
    { weight: 20, arbitrary: fc.constant("</Error>") },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        "",
        "</x:Error>",
        "</Error >",
        "</Error><!-- c -->",
        "</Error></Error>",
        "</Err",
      ),
    },
  ),
}).map(({ prolog, root, children, last, end }) => `${prolog}${root}${children.join("")}${last}${end}`.trim());

Deno.test("what is read of generated error documents is what fast-xml-parser reads", () => {
  let read = 0;
  fc.assert(
    fc.property(document, (document) => {
      const flat = readFlatError(document);
      if (flat === undefined) return;
      read++;
      const reference = parsed(document);
      assert.deepEqual(
        { ...flat },
        reference === undefined ? undefined : { ...reference },
        JSON.stringify(document),
      );
    }),
    { numRuns: 60_000 },
  );
  // Else this would show nothing.
  assert.ok(read > 20_000, `${read} documents were read`);
});
