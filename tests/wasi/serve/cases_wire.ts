/** What stands on the wire: requests as the guest sees them, answers as clients do. */
import assert from "node:assert/strict";
import { message, open, raw, type RawResponse, type ServeCase } from "./env.ts";
import { until } from "../until.ts";

const text = ({ body }: RawResponse) => Buffer.from(body).toString();

/** See the file's head. */
export const wireCases: readonly ServeCase[] = [
  {
    name: "hello, on 20 connections with 5 requests each",
    covers: [
      "p2_cli_serve_hello_world",
      "p2_cli_serve_hello_world_many",
      "p2_cli_serve_hello_world_many_with_reuse",
    ],
    async run({ serve }) {
      for (const maxInstanceReuseCount of [1, 128]) {
        const { url, server } = await serve({ maxInstanceReuseCount });
        await Promise.all(Array.from({ length: 20 }, async () => {
          for (let i = 0; i < 5; i++) {
            const response = await fetch(`${url}/hello`);
            assert.equal(response.status, 200);
            assert.equal(await response.text(), "Hello, WASI!");
          }
        }));
        const { requests, responses, instances } = server.stats();
        assert.equal(requests, 100);
        assert.equal(responses["2xx"], 100);
        if (maxInstanceReuseCount === 1) {
          assert.ok(instances.created >= 100, `${instances.created} instances`);
        } else assert.ok(instances.created < 50, `${instances.created} instances`);
      }
    },
  },
  {
    name: "the guest's own assertions on its proxy world",
    covers: ["wasi_http_proxy_tests (p2_api_proxy)", "1.7 incoming-request"],
    async run({ serve }) {
      const { url } = await serve({ forbiddenHeaders: ["Custom-Forbidden-Header"] });
      const response = await fetch(`${url}/proxy`, {
        headers: { "custom-forbidden-header": "x", other: "y" },
      });
      assert.equal(response.status, 200);
      assert.equal(await response.text(), "hello, world!");
    },
  },
  {
    name: "targets arrive raw, and the authority as the client wrote it",
    covers: ["p2_cli_serve_authority_and_scheme", "1.7 path-with-query"],
    async run({ serve }) {
      const { port } = await serve();
      const plain = text(
        await raw(port, message("GET /request/a/../b%2e/./%00?q=/../x", ["host: Test.Example:99"])),
      );
      assert.ok(plain.includes('path Some("/request/a/../b%2e/./%00?q=/../x")'), plain);
      assert.ok(plain.toLowerCase().includes('authority some("test.example:99")'), plain);
      assert.ok(plain.includes("scheme Some(Scheme::Http)"), plain);
      const absolute = text(
        await raw(
          port,
          message("GET http://other.example/request HTTP", ["host: test.example"]).replace(
            " HTTP HTTP",
            " HTTP",
          ),
        ),
      );
      assert.ok(absolute.includes('authority Some("other.example")'), absolute);
      const host = text(await raw(port, message("GET /request", ["host: localhost"])));
      assert.ok(host.includes('authority Some("localhost")'), host);
    },
  },
  {
    name: "what is no proper request never reaches a guest, and its secrets never the log",
    async run({ serve }) {
      const { port, requests, server } = await serve();
      const ask = async (line: string, headers?: string[]) =>
        (await raw(port, message(line, headers))).status;
      assert.equal(await ask("GET http://user:hunter2@a.example/hello"), 400);
      assert.equal(await ask("GET /hello", ["host: a", "host: b"]), 400);
      assert.equal(
        await ask("POST /echo", ["host: a", "content-length: 1", "transfer-encoding: chunked"]),
        400,
      );
      assert.ok(!JSON.stringify(requests).includes("hunter2"), JSON.stringify(requests));
      assert.equal(requests.find(({ status }) => status === 400)?.authority, "a.example");
      assert.ok(server.stats().refused["bad-request"] >= 1);
      // As much as the server's own limit lets pass.
      assert.equal(await ask("GET /hello", ["host: a", `x-long: ${"x".repeat(40_000)}`]), 200);
    },
  },
  {
    name: "hop-by-hop fields and host do not arrive; bytes do",
    covers: ["1.1 fields received"],
    async run({ serve }) {
      const { port } = await serve();
      const sent = [
        "host: a.example",
        "Keep-Alive: 5",
        "X-Twice: 1",
        "x-twice: 2",
        "proxy-authorization: secret",
      ];
      const lines = text(await raw(port, message("GET /request", [...sent, "te: trailers"]))).split("\n");
      const names = lines.filter((line) => line.startsWith("field ")).map((line) => line.split(" ")[1]);
      for (const name of ["host", "connection", "keep-alive", "proxy-authorization"]) {
        assert.ok(!names.includes(name), names.join());
      }
      const twice = lines.filter((line) => line.startsWith("field x-twice")).join();
      assert.match(twice, /31.*32/);
      const latin = await raw(
        port,
        Buffer.from(message("GET /request", ["host: a", "x-bytes: \xe9"]), "latin1"),
      );
      assert.ok(text(latin).includes("field x-bytes e9"), text(latin));
    },
  },
  {
    name: "methods, also those nobody knows",
    covers: ["1.7 incoming-request.method"],
    only: { listener: "deno" },
    async run({ serve }) {
      const { port } = await serve();
      for (
        const [method, seen] of [["PATCH", "Method::Patch"], ["PURGE", "other PURGE"], [
          "OPTIONS",
          "Method::Options",
        ]]
      ) {
        const answer = text(await raw(port, message(`${method} /request`)));
        assert.ok(answer.includes(`method ${seen}`), answer);
      }
    },
  },
  {
    name: "header options take the place of the client's",
    covers: ["p2_cli_serve_header_replaces_request_header", "p2_cli_serve_header_file"],
    async run({ serve }) {
      const { port } = await serve({ headers: [["x-given", "1"], ["X-Given", "2"]] });
      const lines = text(
        await raw(port, message("GET /request", ["host: a", "x-given: client's", "x-own: y"])),
      );
      assert.ok(!lines.includes(Buffer.from("client's").toString("hex")), lines);
      assert.match(lines, /field x-given 31\n(.*\n)*field x-given 32/);
      assert.ok(lines.includes("field x-own 79"));
    },
  },
  {
    name: "variables are those granted",
    covers: ["p2_cli_serve_echo_env"],
    async run({ serve }) {
      const { url } = await serve({ env: { FOO: "bar" } });
      const response = await fetch(`${url}/env`, { headers: [["env", "FOO"]] });
      assert.equal(response.headers.get("foo"), "bar");
      const other = await fetch(`${url}/env`, { headers: [["env", "BAR"]] });
      assert.equal(other.headers.get("bar"), null);
      await Promise.all([response.text(), other.text()]);
    },
  },
  {
    name: "output is prefixed line by line, by instance",
    covers: ["p2_cli_serve_with_print", "p2_cli_serve_with_print_no_prefix"],
    only: { isolation: "inline" },
    async run({ serve }) {
      for (const outputPrefix of [true, false]) {
        const { url, output } = await serve({ outputPrefix, maxInstanceReuseCount: 1 });
        for (let i = 0; i < 2; i++) await (await fetch(`${url}/print`)).text();
        await until(() => output().split("after empty").length === 5, output());
        for (const name of outputPrefix ? ["stdout", "stderr"] : []) {
          for (const id of [0, 1]) {
            const lines = output().split("\n").filter((line) => line.startsWith(`${name} [${id}] ::`));
            assert.deepEqual(lines, [
              `${name} [${id}] :: this is half a print to ${name}`,
              `${name} [${id}] :: `,
              `${name} [${id}] :: after empty`,
            ]);
          }
        }
        if (!outputPrefix) assert.ok(!output().includes("::"), output());
      }
    },
  },
  {
    name: "statuses without a body have none, and HEAD neither",
    covers: ["1.6 outgoing-response"],
    async run({ serve }) {
      const { port, server } = await serve();
      for (const status of [204, 304]) {
        const answer = await raw(port, message(`GET /status/${status}`));
        assert.equal(answer.status, status);
        assert.equal(answer.body.length, 0);
        assert.deepEqual(answer.headers.find(([name]) => name === "x-status")?.[1], String(status));
      }
      const head = await raw(port, message("HEAD /status/200"));
      assert.equal(head.status, 200);
      assert.equal(head.body.length, 0);
      assert.ok(
        !head.headers.some(([name]) => name.toLowerCase() === "content-length"),
        "no length was declared",
      );
      const long = await raw(port, message("HEAD /bytes/3000000"));
      assert.equal(long.body.length, 0);
      await until(() => server.stats().inFlight === 0);
      assert.equal(server.stats().traps, 0);
    },
  },
  {
    name: "statuses that fetch cannot say go out over node:http; elsewhere they are 500",
    covers: ["1.6 outgoing-response.set-status-code"],
    async run({ serve, setting }) {
      const { port } = await serve();
      for (const status of [299, 418, 599]) {
        assert.equal((await raw(port, message(`GET /status/${status}`))).status, status);
      }
      const strange = await raw(port, message("GET /status/777"));
      assert.equal(strange.status, setting.listener === "node" ? 777 : 500);
    },
  },
  {
    name: "declared lengths are held to",
    covers: ["1.12 content-length of responses"],
    async run({ serve, setting }) {
      const { port, output } = await serve();
      const right = await raw(port, message("GET /length/5"));
      assert.deepEqual([right.whole, text(right)], [true, "xxxxx"]);
      const short = await raw(port, message("GET /length/3?declared=5"));
      assert.ok(!short.whole || short.status === 500, `${setting.listener}: ${text(short)}`);
      const long = await raw(port, message("GET /length/9?declared=5"));
      assert.ok(!text(long).includes("xxxxxx"), text(long));
      await until(() => output().split("BodySize").length === 3, output());
    },
  },
  {
    name: "trailers go both ways over node:http",
    covers: ["1.5 trailers", "1.7 future-trailers of requests"],
    only: { listener: "node" },
    async run({ serve }) {
      const { port } = await serve();
      const out = await raw(port, message("GET /trailers", ["host: a", "te: trailers"]));
      assert.deepEqual([text(out), out.trailers], ["body", [["x-sum", "42"]]]);
      const chunked = ["host: a", "transfer-encoding: chunked", "trailer: x-in"];
      const echoed = await raw(port, message("POST /echo", chunked, "3\r\nabc\r\n0\r\nx-in: 7\r\n\r\n"));
      assert.deepEqual([text(echoed), echoed.trailers], ["abc", [["x-in", "7"]]]);
    },
  },
  {
    name: "guests may not set what belongs to the connection",
    covers: ["1.1 forbidden fields"],
    async run({ serve }) {
      const { url } = await serve();
      assert.equal(await (await fetch(`${url}/forbidden`)).text(), "6 of 6 refused");
    },
  },
  {
    name: "limits of a request: 413, 414, 431, 503",
    covers: ["7.3 resource exhaustion"],
    async run({ serve }) {
      const { port, server } = await serve({
        limits: { servedRequestBytes: 10, urlBytes: 100, servedFieldBytes: 1000 },
      });
      const statusOf = async (...args: Parameters<typeof message>) =>
        (await raw(port, message(...args))).status;
      assert.equal(await statusOf(`GET /${"x".repeat(100)}`), 414);
      assert.equal(await statusOf("GET /hello", ["host: a", `x-long: ${"x".repeat(1000)}`]), 431);
      assert.equal(await statusOf("POST /echo", ["host: a", "content-length: 11"], "12345678901"), 413);
      assert.equal(await statusOf("POST /echo", ["host: a", "content-length: 10"], "1234567890"), 200);
      // One that does not say how long it is fails where the guest reads it.
      const chunked = await raw(
        port,
        message(
          "POST /read-slowly?ms=0",
          ["host: a", "transfer-encoding: chunked"],
          "b\r\n12345678901\r\n0\r\n\r\n",
        ),
      );
      assert.equal(text(chunked), "incomplete");
      const { refused } = server.stats();
      assert.deepEqual([refused["url-too-long"], refused["fields-too-large"], refused["body-too-large"]], [
        1,
        1,
        1,
      ]);
    },
  },
  {
    name: "header fields in great numbers",
    covers: ["wasi_http_fields_limit_incoming_request"],
    async run({ serve }) {
      const { port, server } = await serve({ limits: { fieldBytes: 5000 } });
      const statusOf = async (path: string, bytes = 0) =>
        (await raw(port, message(`GET ${path}`, ["host: a", `x-long: ${"x".repeat(bytes)}`]))).status;
      assert.equal(await statusOf("/hello", 9000), 200, "more than the guest could make is still delivered");
      assert.equal(await statusOf("/new_fields/50"), 200);
      assert.equal(await statusOf("/new_fields/"), 500);
      assert.equal(await statusOf("/modify_fields/50"), 200);
      assert.equal(await statusOf("/modify_fields/50", 9000), 500);
      assert.equal(await statusOf("/modify_fields/"), 500);
      assert.equal(server.stats().traps, 3);
    },
  },
  {
    name: "10,000 header fields in an answer",
    async run({ serve }) {
      const { port } = await serve({ limits: { fieldBytes: 1 << 20 } });
      const answer = await raw(port, message("GET /many-fields/10000"));
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.filter(([name]) => name.startsWith("x-field-")).length, 10_000);
    },
  },
  {
    name: "a port has one listener, and is free at once when it stops",
    covers: ["p2_cli_serve_only_one_process_allowed", "p2_cli_serve_quick_rebind_allowed"],
    async run({ serve, setting }) {
      const { server, port, url, stop } = await serve();
      const { listenGuest } = await import("../../../src/wasi/mod.ts");
      await assert.rejects(listenGuest(server, { port, listener: setting.listener }));
      assert.equal(await (await fetch(`${url}/hello`)).text(), "Hello, WASI!");
      const idle = await open(port);
      idle.on("error", () => {});
      idle.destroy();
      await stop();
      const again = await serve();
      const second = await listenGuest(again.server, { port, listener: setting.listener });
      assert.equal(second.port, port);
      await second.shutdown();
    },
  },
];
