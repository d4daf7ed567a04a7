import assert from "node:assert/strict";
import fc from "fast-check";
import { HttpError } from "../../src/http/error.ts";
import { isLoopbackHost, parseRequestUrl } from "../../src/http/url.ts";

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
