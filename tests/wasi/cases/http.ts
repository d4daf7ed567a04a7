/** Rules of `wasi:http` beyond the reference's own tests. */
import assert from "node:assert/strict";
import { type AddressInfo, createServer } from "node:net";
import type { HostCase } from "./case.ts";
import { plain } from "./case.ts";
import { until } from "../until.ts";

/** Error codes by what the server does. */
const FAILURES: Readonly<Record<string, RegExp>> = {
  "/close": /ConnectionTerminated/,
  "/reset": /ConnectionTerminated/,
  "/garbage": /HttpProtocolError/,
  "/big-head?n=2000000": /HttpResponseHeaderSectionSize/,
};
const BODY_FAILURES: Readonly<Record<string, RegExp>> = {
  "/truncated": /HttpResponseIncomplete/,
  "/truncated-chunk": /HttpResponseIncomplete/,
  "/bad-chunk": /HttpResponseTransferCoding|HttpProtocolError/,
};

/** The cases. */
export const httpCases: readonly HostCase[] = [
  ...["http_fields", "http_fields_immutable", "http_fields_bytes"].map((name) => plain(name, ["1.1 fields"])),
  ...["method", "path", "scheme", "status"].map((name) => plain(`http_setter_${name}`, ["1.2 setters"])),
  plain("http_setter_authority", ["1.2 setters"]),
  plain("http_request_defaults", ["1.3 outgoing-request"]),
  plain("http_options", ["1.9 request-options"]),
  plain("http_future_get_twice", ["1.8 future-incoming-response"]),
  plain("http_future_ready", ["1.8 future-incoming-response"]),
  plain("http_body_twice", ["1.3 outgoing-request"]),
  plain("http_consume_twice", ["1.7 incoming-response"]),
  plain("http_read_after_close", ["1.7 incoming-body"]),
  plain("http_drop_response", ["1.7 incoming-response"]),
  plain("http_drop_response_keeps_body", ["1.7 incoming-response"]),
  plain("http_drop_request_unsent", ["1.3 outgoing-request"]),
  plain("http_body_before_handle", ["1.4 outgoing-handler"]),
  plain("http_no_body_call", ["1.4 outgoing-handler"]),
  plain("http_finish_unread", ["1.7 incoming-body"]),
  {
    name: "headers: duplicates, order and bytes arrive, forbidden names do not",
    covers: ["1.1 fields", "1.7 incoming-response"],
    async run(env) {
      const { lines } = await env.ok(["http_status", `${env.url}/headers`]);
      assert.equal(lines[0], "status 200");
      const twice = lines.filter((line) => line.startsWith("x-twice "));
      assert.deepEqual(twice, ["x-twice 31", "x-twice 32"]);
      assert.ok(lines.includes("x-bytes e9ff"), "bytes above 0x7f are not decoded");
      for (const name of ["connection", "keep-alive", "transfer-encoding", "upgrade", "proxy-authenticate"]) {
        assert.ok(!lines.some((line) => line.startsWith(`${name} `)), `${name} reached the guest`);
      }
    },
  },
  {
    name: "errors before the head come with their code",
    covers: ["1.13 error codes"],
    async run(env) {
      for (const [path, code] of Object.entries(FAILURES)) {
        const { lines } = await env.ok(["http_error", env.url + path]);
        assert.match(lines.join(), code, path);
      }
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      await new Promise((resolve) => server.close(resolve));
      const { lines } = await env.ok(["http_error", `http://127.0.0.1:${port}/`]);
      assert.match(lines.join(), /ConnectionRefused/);
    },
  },
  {
    name: "errors of a body: last-operation-failed once, its code, then closed",
    covers: ["1.7 incoming-body", "1.10 http-error-code", "1.13 error codes"],
    async run(env) {
      for (const [path, code] of Object.entries(BODY_FAILURES)) {
        const { lines } = await env.ok(["http_body_error", env.url + path]);
        assert.match(lines.join(), code, path);
      }
    },
  },
  {
    name: "the error resource outlives its stream",
    covers: ["2.4 error resource"],
    run: (env) => env.ok(["error_outlives_stream", `${env.url}/truncated`]),
  },
  {
    name: "first-byte and between-bytes timeouts are told apart from the connect timeout",
    covers: ["1.9 request-options"],
    async run(env) {
      const first = await env.ok(["http_first_byte", `${env.url}/slow?ms=20000`, "60"]);
      assert.match(first.lines.join(), /ConnectionReadTimeout/);
      const between = await env.ok(["http_between_bytes", `${env.url}/stall`, "60"]);
      assert.match(between.lines.join(), /status 200.*ConnectionReadTimeout/);
      const slow = await env.ok(["http_first_byte", `${env.url}/slow?ms=30`, "20000"]);
      assert.match(slow.lines.join(), /200/);
    },
  },
  {
    name: "trailers go out and come in; none is none",
    covers: ["1.5 outgoing-body", "1.7 future-trailers"],
    async run(env) {
      const out = await env.ok(["http_trailers_out"]);
      assert.match(out.lines.join("\n"), /x-checksum: 42/);
      const trailers = await env.ok(["http_trailers_in", `${env.url}/with-trailers`]);
      assert.ok(trailers.lines.includes("trailer x-checksum: 42"), trailers.text);
      const none = await env.ok(["http_trailers_in", `${env.url}/bytes/10`]);
      assert.ok(none.lines.includes("none"), none.text);
    },
  },
  {
    name: "dropping a pending future aborts the request",
    covers: ["1.8 future-incoming-response", "WASI#812"],
    async run(env) {
      await env.ok(["http_drop_future", `${env.url}/slow?ms=60000`]);
      await until(() => env.origin.connections() === 0);
    },
  },
  {
    name: "a body dropped without finish is aborted, and the reader told",
    covers: ["1.5 outgoing-body"],
    async run(env) {
      const { lines } = await env.ok(["http_drop_body_unfinished"]);
      assert.match(lines.join(), /HttpProtocolError/);
      assert.ok(!env.origin.seen.some((seen) => seen.complete), "the server saw a complete request");
    },
  },
  {
    name: "a dead connection closes the body's stream; finish is ok",
    covers: ["1.5 outgoing-body"],
    async run(env) {
      const { lines } = await env.ok(["http_finish_after_abort"]);
      assert.match(lines.join(), /write closed.*finish Ok/);
    },
  },
  {
    name: "scheme defaults to https",
    covers: ["1.4 outgoing-handler"],
    async run(env) {
      const { lines } = await env.ok(["http_default_scheme", env.origin.address, "/x"]);
      assert.match(lines.join(), /Err\(/);
      assert.equal(env.origin.seen.length, 0, "it went out as http");
    },
  },
  {
    name: "methods go out as they are",
    covers: ["1.2 setters"],
    async run(env) {
      for (const method of ["PATCH", "DELETE", "OPTIONS", "PURGE", "TRACE", "PROPFIND"]) {
        await env.ok(["http_method", method]);
      }
      assert.deepEqual(
        env.origin.seen.map((seen) => seen.method),
        ["PATCH", "DELETE", "OPTIONS", "PURGE", "TRACE", "PROPFIND"],
      );
    },
  },
  {
    name: "64 MiB both ways at once, bounded and intact",
    covers: ["wasi_http_echo", "2.3 output-stream"],
    async run(env) {
      const { lines } = await env.ok(["http_duplex", `${env.url}/`, String(64 << 20)]);
      assert.ok(lines.includes(`received ${64 << 20}`), lines.join());
      const ahead = Number(lines.find((line) => line.startsWith("ahead "))?.slice(6));
      assert.ok(ahead < 32 << 20, `the echo was ${ahead} bytes behind`);
    },
  },
  {
    name: "uploads and downloads of 32 MiB",
    async run(env) {
      const up = await env.ok(["http_upload", `${env.url}/sink`, String(32 << 20), "65536"]);
      assert.ok(up.lines.includes(`bytes ${32 << 20}`));
      assert.equal(env.origin.seen.at(-1)?.bytes, 32 << 20);
      const down = await env.ok(["http_download", `${env.url}/bytes/${32 << 20}`, "1048576"]);
      assert.ok(down.lines.includes("pattern right"));
    },
  },
  {
    name: "twenty requests at once beside a timer",
    covers: ["wasi_http_hash_all"],
    async run(env) {
      const { lines } = await env.ok(["http_concurrent", `${env.url}/slow?ms=40`, "20"]);
      assert.ok(lines.includes("responses 20"));
      assert.ok(Number(/ticks (\d+)/.exec(lines.join())?.[1]) >= 1);
    },
  },
  {
    name: "a download poured into an upload with blocking-splice",
    covers: ["wasi_http_double_echo", "2.3 output-stream"],
    async run(env) {
      const { lines } = await env.ok(["http_splice", `${env.url}/stream/3000000`, `${env.url}/sink`]);
      assert.ok(lines.includes("spliced 3000000"), lines.join());
      assert.equal(env.origin.seen.at(-1)?.bytes, 3_000_000);
    },
  },
  {
    name: "paths go out as written, and never change the host",
    covers: ["7.3 URL confusion"],
    async run(env) {
      const { lines } = await env.ok(["dot_segments", env.url]);
      assert.ok(lines.includes("/a/../b saw /a/../b"), lines.join("\n"));
      assert.ok(lines.includes("/a%2fb saw /a%2fb"));
    },
  },
  {
    name: "no way to smuggle a second request",
    covers: ["7.3 header smuggling", "1.12 content-length"],
    async run(env) {
      await env.ok(["smuggle", env.url]);
      for (const seen of env.origin.seen) assert.ok(!seen.target.includes("smuggled"), seen.target);
    },
  },
];
