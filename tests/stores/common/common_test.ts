/** The shared base of stores over HTTP: URLs, headers, configuration, XML. */
import { strict as assert } from "node:assert";
import {
  ConfigurationError,
  GenericError,
  InvalidPathError,
  NotSupportedError,
} from "../../../src/store/error.ts";
import {
  type ConfigSchema,
  configValue,
  environmentConfig,
  normalizeKey,
  parseBoolean,
  parseChoice,
  parseDuration,
  parseHeaders,
  parseInteger,
  parseText,
  readConfig,
} from "../../../src/stores/common/config.ts";
import { contentTypeFor } from "../../../src/stores/common/content_type.ts";
import { conditionalHeaders } from "../../../src/stores/common/condition_headers.ts";
import { attributeHeaders } from "../../../src/stores/common/headers.ts";
import { readAttributes } from "../../../src/stores/common/read_headers.ts";
import {
  encodePath,
  encodeQuery,
  encodeStrict,
  encodeUnreserved,
  parseBaseUrl,
} from "../../../src/stores/common/url.ts";
import {
  escapeXml,
  parseXml,
  xmlChild,
  xmlChildren,
  XmlError,
  xmlText,
} from "../../../src/stores/common/xml.ts";

const PATHS: readonly (readonly [path: string, pchar: string, unreserved: string])[] = [
  ["a/b.c", "a/b.c", "a/b.c"],
  ["a%2Fb", "a%252Fb", "a%252Fb"],
  ["%2E%2E/x", "%252E%252E/x", "%252E%252E/x"],
  ["a b+c", "a%20b+c", "a%20b%2Bc"],
  ["!$&'()*,;=:@", "!$&'()*,;=:@", "%21%24%26%27%28%29%2A%2C%3B%3D%3A%40"],
  ['"#<>?`{}[]^|\\', "%22%23%3C%3E%3F%60%7B%7D%5B%5D%5E%7C%5C", "%22%23%3C%3E%3F%60%7B%7D%5B%5D%5E%7C%5C"],
  ["é/🙀", "%C3%A9/%F0%9F%99%80", "%C3%A9/%F0%9F%99%80"],
  ["~-._", "~-._", "~-._"],
];

for (const [path, pchar, unreserved] of PATHS) {
  Deno.test(`the path ${path} in URLs is left as it is by URL parsers`, () => {
    assert.equal(encodePath(path), pchar);
    assert.equal(encodeUnreserved(path), unreserved);
    for (const encoded of [pchar, unreserved, encodeStrict(path)]) {
      assert.equal(new URL(`http://h/${encoded}`).pathname, `/${encoded}`);
      assert.equal(decodeURIComponent(encoded), path);
    }
  });
}

Deno.test("strict and query encoding leave only what they name", () => {
  const ascii = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join("");
  assert.match(encodeStrict(ascii), /^(?:%[0-9A-F]{2}|[A-Za-z0-9])+$/);
  assert.equal(encodeStrict("a/b-c.d_e~f"), "a%2Fb%2Dc%2Ed%5Fe%7Ef");
  assert.equal(encodeQuery("a b&c=d/é~"), "a%20b%26c%3Dd%2F%C3%A9~");
  assert.throws(() => encodePath("a\ud800"), InvalidPathError);
});

Deno.test("a base URL is taken apart", () => {
  const store = "HTTP";
  assert.deepEqual(parseBaseUrl("https://h:8443/a%20b//", store), {
    origin: "https://h:8443",
    path: "/a%20b",
  });
  assert.deepEqual(parseBaseUrl(new URL("http://u%40:p%25@h"), store), {
    origin: "http://h",
    path: "",
    credentials: { username: "u@", password: "p%" },
  });
});

Deno.test("attributes as headers, and back", () => {
  const names = { store: "S3", metadata: "x-amz-meta-", storageClass: "x-amz-storage-class" };
  const attributes = {
    cacheControl: "a",
    contentDisposition: "b",
    contentEncoding: "c",
    contentLanguage: "d",
    contentType: "e",
    storageClass: "COLD",
    metadata: { __proto__x: "y", k: "a   b é" },
  };
  const headers = attributeHeaders(attributes, names);
  assert.deepEqual(headers.find(([name]) => name === "x-amz-storage-class"), ["x-amz-storage-class", "COLD"]);
  const { storageClass: _, ...back } = attributes;
  assert.deepEqual(
    readAttributes(headers.map(([name, value]) => [name.toUpperCase(), value]), "x-amz-meta-"),
    back,
  );
  assert.deepEqual(
    readAttributes([["x-amz-meta-__proto__", "z"]], "x-amz-meta-").metadata,
    JSON.parse('{"__proto__":"z"}'),
  );
  assert.deepEqual(attributeHeaders({ contentType: "t" }, { ...names, standard: "x-ms-blob-" }), [
    ["x-ms-blob-content-type", "t"],
  ]);
  assert.deepEqual(attributeHeaders({ storageClass: "x" }, { store: "HTTP", metadata: "m-" }), []);
  for (const value of ["a\nb", "\0", "\u2603"]) {
    assert.throws(() => attributeHeaders({ metadata: { k: value } }, names), GenericError);
  }
  assert.throws(() => attributeHeaders({ metadata: { "k k": "" } }, names), GenericError);
});

Deno.test("conditions as headers", () => {
  const date = new Date("2024-02-03T04:05:06.789Z");
  const options = { ifMatch: '"a"', ifNoneMatch: "*", ifModifiedSince: date, ifUnmodifiedSince: date };
  assert.deepEqual(conditionalHeaders(options), [
    ["if-match", '"a"'],
    ["if-none-match", "*"],
    ["if-modified-since", "Sat, 03 Feb 2024 04:05:06 GMT"],
    ["if-unmodified-since", "Sat, 03 Feb 2024 04:05:06 GMT"],
  ]);
});

Deno.test("content types by suffix, then by default", () => {
  const client = { contentTypes: { txt: "text/plain", gz: "application/gzip" }, defaultContentType: "x/y" };
  assert.equal(contentTypeFor("a.d/b.txt", client), "text/plain");
  assert.equal(contentTypeFor("b.tar.gz", client), "application/gzip");
  for (const path of ["a.txt/b", "txt", "b.", "b.toString", "b.constructor"]) {
    assert.equal(contentTypeFor(path, client), "x/y");
  }
  assert.equal(contentTypeFor("b.txt", undefined), undefined);
});

const CONTEXT = { store: "S3", key: "key" };

Deno.test("values as text", () => {
  for (const word of ["1", "true", "ON", "Yes", "y", " true "]) {
    assert.equal(parseBoolean(word, CONTEXT), true);
  }
  for (const word of ["0", "false", "off", "NO", "n"]) assert.equal(parseBoolean(word, CONTEXT), false);
  for (const word of ["", "enabled", "2"]) {
    assert.throws(() => parseBoolean(word, CONTEXT), ConfigurationError);
  }
  assert.equal(parseInteger(" 42 ", CONTEXT), 42);
  for (const word of ["", "-1", "1.5", "1e3", "99999999999999999"]) {
    assert.throws(() => parseInteger(word, CONTEXT), ConfigurationError);
  }
  const durations = {
    "30s": 30_000,
    "5 minutes": 300_000,
    "1h 30m": 5_400_000,
    "250ms": 250,
    "1.5 sec": 1500,
    "2d": 172_800_000,
  };
  for (const [text, milliseconds] of Object.entries(durations)) {
    assert.equal(parseDuration(text, CONTEXT), milliseconds);
  }
  for (const text of ["", "30", "30 parsecs", "s", "-3s", "3s x"]) {
    assert.throws(() => parseDuration(text, CONTEXT), ConfigurationError);
  }
  assert.equal(parseChoice("header", "None")("NONE", CONTEXT), "None");
  assert.deepEqual(parseHeaders("a: b; c:d\n", CONTEXT), [["a", "b"], ["c", "d"]]);
  assert.throws(
    () => parseInteger("hunter2", { store: "S3", key: "secret_access_key" }),
    (error: unknown) => {
      return error instanceof ConfigurationError && !error.message.includes("hunter2");
    },
  );
});

interface Options {
  readonly accessKeyId?: string;
  readonly virtualHosted?: boolean;
  readonly timeout?: string;
}
const SCHEMA: ConfigSchema<Options> = {
  accessKeyId: configValue(parseText),
  virtualHosted: configValue(parseBoolean, "virtual_hosted_style_request"),
};
const READ = { store: "S3", prefixes: ["aws_"] };

Deno.test("keys in every spelling", () => {
  for (
    const key of [
      "accessKeyId",
      "access_key_id",
      "AWS_ACCESS_KEY_ID",
      "aws_access_key_id",
      "awsAccessKeyId",
      "access-key-id",
    ]
  ) {
    assert.deepEqual(readConfig({ [key]: "k" }, SCHEMA, READ).store, { accessKeyId: "k" }, key);
  }
  assert.equal(normalizeKey("http1Only"), "http1_only");
  assert.equal(normalizeKey("AWS_S3_ENDPOINT"), "aws_s3_endpoint");
  const config = readConfig(
    {
      aws_virtual_hosted_style_request: "yes",
      AWS_PROXY_URL: "http://p",
      timeout: "10s",
      max_retries: "3",
      allowHttp: true,
      http1_only: "false",
      accessKeyId: undefined,
    },
    SCHEMA,
    READ,
  );
  assert.deepEqual(config, {
    store: { virtualHosted: true },
    client: {
      proxyUrl: "http://p",
      timeout: 10_000,
      allowHttp: true,
      http1Only: false,
      retry: { maxRetries: 3 },
    },
  });
  assert.deepEqual(readConfig({ access_key_id: "a", accessKeyId: "b" }, SCHEMA, READ).store, {
    accessKeyId: "b",
  });
});

Deno.test("retry is a value, whose parts are keys too", () => {
  const retryOf = (input: Record<string, unknown>) => readConfig(input, SCHEMA, READ).client.retry;
  const onRetry = () => {};
  assert.deepEqual(retryOf({ maxRetries: "5", retry: { maxRetries: 3, onRetry } }), {
    maxRetries: 5,
    onRetry,
  });
  assert.equal(retryOf({ retry: false, maxRetries: 5 }), false);
  for (const retry of [null, true, "5", 5]) {
    assert.throws(
      () => retryOf({ retry }),
      (error) => error instanceof ConfigurationError && error.key === "retry",
    );
  }
});

Deno.test("unknown keys are named, with what they are near", () => {
  assert.throws(() => readConfig({ acces_key_id: "k" }, SCHEMA, READ), (error: unknown) => {
    assert.ok(error instanceof ConfigurationError);
    assert.equal(error.key, "acces_key_id");
    assert.equal(
      error.message,
      'Unknown configuration key "acces_key_id" for S3: did you mean "accessKeyId"?',
    );
    return true;
  });
  assert.throws(
    () => readConfig({ zzzzzzzzzzzz: "k" }, SCHEMA, READ),
    /known keys are accessKeyId, virtualHosted, /,
  );
  assert.throws(() => readConfig({ toString: "k" }, SCHEMA, READ), ConfigurationError);
  assert.throws(() => readConfig({ http2_keep_alive_interval: "1s" }, SCHEMA, READ), NotSupportedError);
  const environment = {
    PATH: "/bin",
    aws_b: "2",
    AWS_ACCESS_KEY_ID: "k",
    AWS_UNKNOWN: "x",
    AWS_NONE: undefined,
  };
  const config = environmentConfig(environment, ["aws_"]);
  assert.deepEqual(config, { aws_access_key_id: "k", aws_unknown: "x", aws_b: "2" });
  assert.deepEqual(readConfig(config, SCHEMA, { ...READ, unknown: "ignore" }).store, { accessKeyId: "k" });
});

Deno.test("XML: text is kept, lists are lists, what is not whole is refused", () => {
  const text =
    `<?xml version="1.0"?><r:list xmlns:r="u" at="1"><item><key> 007 &amp;amp; &#65;&#x1F600; </key></item>` +
    `<item><key><![CDATA[<b>]]></key><more><deep/></more></item><one/></r:list>\n<!-- end -->`;
  const root = parseXml(text, { root: "list", lists: ["item"] });
  const [first, second] = xmlChildren(root, "item");
  assert.equal(xmlText(first!, "key"), " 007 &amp; A😀 ");
  assert.equal(xmlText(second!, "key"), "<b>");
  assert.equal(xmlText(xmlChild(second!, "more"), "deep"), "");
  assert.equal(xmlText(root, "one"), "");
  assert.equal(xmlText(root, "none"), undefined);
  assert.deepEqual(xmlChildren(root, "none"), []);
  assert.deepEqual(parseXml("<a/>", { root: "a" }), {});
  assert.deepEqual(parseXml("<a></a>", { root: "a" }), {});
  for (const bad of ["", "text", "<a>", "<a><b></b>", "<b></b>", "<!DOCTYPE a><a></a>", "<a></a><b>", "{}"]) {
    assert.throws(() => parseXml(bad, { root: "a" }), XmlError, bad);
  }
  assert.equal(escapeXml(`<&>"'\r`), "&lt;&amp;&gt;&quot;'&#13;");
});
