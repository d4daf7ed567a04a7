import assert from "node:assert/strict";
import fc from "fast-check";
import { HttpError } from "../../src/http/error.ts";
import { isLoopbackHost, parseRequestUrl, redactHeaders, redactUrl } from "../../src/http/url.ts";

Deno.test("request URLs are split, hosts canonical, targets as written", () => {
  const table: Array<[string, string, string, number, string]> = [
    ["http://Example.COM", "http", "example.com", 80, "/"],
    ["HTTPS://example.com.:8443/a/../b%2e?x#y", "https", "example.com", 8443, "/a/../b%2e?x"],
    ["https://example.com?q", "https", "example.com", 443, "/?q"],
    ["https://example.com#f", "https", "example.com", 443, "/"],
    ["http://0x7f.1:80/", "http", "127.0.0.1", 80, "/"],
    ["http://[::FFFF:1.2.3.4]/", "http", "::ffff:102:304", 80, "/"],
    ["http://bücher.example/", "http", "xn--bcher-kva.example", 80, "/"],
    ["http://ex%61mple.com/", "http", "example.com", 80, "/"],
    ["http://a_b/x@y\\z", "http", "a_b", 80, "/x@y\\z"],
  ];
  for (const [url, scheme, host, port, target] of table) {
    assert.deepEqual(parseRequestUrl(url), { scheme, host, port, target }, url);
  }
});

Deno.test("URLs that parsers disagree about are refused", () => {
  const bad = [
    "",
    "example.com",
    "//example.com/",
    "/a",
    "ftp://example.com/",
    "file:///etc/passwd",
    "http:/example.com",
    "http:example.com",
    "http://",
    "http:///a",
    "http://user:pw@example.com/",
    "http://@example.com/",
    "http://example.com\\@evil.example/",
    "http://example.com\\.evil.example/",
    "http://exa mple.com/",
    "http://exa\tmple.com/",
    " http://example.com/",
    "http://example.com/a b",
    "http://example.com/a\r\nX: y",
    "http://example.com/\0",
    "http://example.com:0/",
    "http://example.com:65536/",
    "http://example.com:port/",
    "http://a..b/",
    "http://a../",
    "http://./",
    "http://.a/",
    "http://[fe80::1%25eth0]/",
    "http://[::1/",
    "http://256.1.1.1/",
    "http://1.2.3.4.5/",
    "http://%00/",
    "http://a%2fb/",
    "http://a%40b/",
    "http://a<b/",
  ];
  for (const url of bad) {
    assert.throws(
      () => parseRequestUrl(url),
      (error) => error instanceof HttpError && error.kind === "request" && !error.message.includes("pw"),
      JSON.stringify(url),
    );
  }
});

Deno.test("what is split agrees with the platform's parser", () => {
  const piece = fc.constantFrom(
    "a",
    "Z",
    "0",
    ".",
    "-",
    "%61",
    "ü",
    "１",
    ":80",
    "@",
    "\\",
    "/",
    "?",
    "#",
    "[::1]",
    " ",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
      const url = `http://${pieces.join("")}`;
      let read;
      try {
        read = parseRequestUrl(url);
      } catch (error) {
        assert.ok(error instanceof HttpError);
        return;
      }
      const platform = new URL(url);
      const host = platform.hostname.replace(/^\[|\]$|\.$/g, "");
      assert.equal(read.host, host);
      assert.equal(read.port, Number(platform.port || 80));
      assert.equal(platform.username, "");
    }),
    { numRuns: 2000 },
  );
});

Deno.test("loopback hosts", () => {
  for (const host of ["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "::1", "::ffff:7f00:1"]) {
    assert.ok(isLoopbackHost(host), host);
  }
  for (
    const host of [
      "localhost.example",
      "128.0.0.1",
      "127.example.com",
      "127.0.0.1.nip.io",
      "::2",
      "mylocalhost",
    ]
  ) {
    assert.ok(!isLoopbackHost(host), host);
  }
});

Deno.test("secrets leave URLs, the rest stays", () => {
  const table: Array<[string, string]> = [
    ["https://h/a?b=c", "https://h/a?b=c"],
    ["https://user:pw@h/a@b", "https://h/a@b"],
    ["https://u:p@w@h/", "https://h/"],
    ["https://h/a#access_token=x", "https://h/a"],
    [
      "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=A&X-Amz-Credential=AK&x-amz-signature=deadbeef&X-Amz-Security-Token=t%3D",
      "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=A&X-Amz-Credential=REDACTED&x-amz-signature=REDACTED&X-Amz-Security-Token=REDACTED",
    ],
    [
      "https://a.blob.core.windows.net/c?sv=2023&sig=abc%2B&se=x",
      "https://a.blob.core.windows.net/c?sv=2023&sig=REDACTED&se=x",
    ],
    [
      "https://h/?X-Goog-Signature=a&Signature=b&AWSAccessKeyId=c",
      "https://h/?X-Goog-Signature=REDACTED&Signature=REDACTED&AWSAccessKeyId=REDACTED",
    ],
    [
      "https://h/?X%2DAmz%2DSignature=a&%zz=1&token=t",
      "https://h/?X%2DAmz%2DSignature=REDACTED&%zz=1&token=REDACTED",
    ],
    ["https://h/?continuation-token=abc&list-type=2", "https://h/?continuation-token=abc&list-type=2"],
    ["not a url", "not a url"],
    ["http:\\\\u:p@h\\", "http:\\\\h\\"],
  ];
  for (const [url, shown] of table) assert.equal(redactUrl(url), shown);
});

Deno.test("secrets leave headers, order and names stay", () => {
  assert.deepEqual(
    redactHeaders([
      ["Authorization", "AWS4-HMAC-SHA256 …"],
      ["x-amz-security-token", "t"],
      ["X-Amz-Server-Side-Encryption-Customer-Key", "k"],
      ["x-amz-copy-source-server-side-encryption-customer-key-md5", "k"],
      ["x-amz-server-side-encryption-aws-kms-key-id", "arn"],
      ["x-ms-encryption-key", "k"],
      ["x-goog-encryption-key", "k"],
      ["Set-Cookie", "a=b"],
      ["set-cookie", "c=d"],
      ["x-ms-copy-source", "https://h/b?sig=s"],
      ["content-type", "text/plain"],
    ]),
    [
      ["Authorization", "REDACTED"],
      ["x-amz-security-token", "REDACTED"],
      ["X-Amz-Server-Side-Encryption-Customer-Key", "REDACTED"],
      ["x-amz-copy-source-server-side-encryption-customer-key-md5", "REDACTED"],
      ["x-amz-server-side-encryption-aws-kms-key-id", "arn"],
      ["x-ms-encryption-key", "REDACTED"],
      ["x-goog-encryption-key", "REDACTED"],
      ["Set-Cookie", "REDACTED"],
      ["set-cookie", "REDACTED"],
      ["x-ms-copy-source", "https://h/b?sig=REDACTED"],
      ["content-type", "text/plain"],
    ],
  );
});
