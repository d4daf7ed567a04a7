/** Limits, hostile guests, network policy. */
import assert from "node:assert/strict";
import { type DeniedRequest, GuestLimitError } from "../../../src/wasi/mod.ts";
import { type HostCase, load } from "./case.ts";
import { until } from "../until.ts";

/** The cases. */
export const limitCases: readonly HostCase[] = [
  {
    name: "no network without a grant: every request is denied, and the caller told",
    covers: ["7.1 deny by default", "wasi_http_hash_all_with_reject"],
    async run(env) {
      const denied: DeniedRequest[] = [];
      const { lines } = await env.ok(["http_error", `${env.url}/path?token=secret`], {
        net: undefined,
        onDenied: (one) => denied.push(one),
      });
      assert.match(lines.join(), /handle.*HttpRequestDenied/);
      assert.equal(env.origin.seen.length, 0);
      assert.equal(denied[0]?.url, `${env.url}/path`);
      assert.ok(!JSON.stringify(denied).includes("secret"));
    },
  },
  {
    name: "a listed host works, another does not",
    async run(env) {
      const options = { net: [env.url] };
      await env.ok(["http_small", `${env.url}/bytes/10`, "1"], options);
      const { lines } = await env.ok(["http_error", "http://127.0.0.1:1/"], options);
      assert.match(lines.join(), /HttpRequestDenied/);
    },
  },
  {
    name: "loopback and metadata in every spelling are out of reach of a guest with the whole public network",
    covers: ["7.3 IP spellings", "7.3 metadata"],
    async run(env) {
      const port = env.origin.address.split(":")[1]!;
      await env.ok(["addresses_all", port], { net: ["*:*"] });
      assert.equal(env.origin.seen.length, 0);
      assert.equal(env.origin.connections(), 0);
    },
  },
  {
    name: "sockets and name lookup are refused",
    covers: ["p2_cli_no_tcp", "p2_cli_no_udp", "p2_cli_no_ip_name_lookup"],
    async run(env) {
      for (const name of ["no_tcp", "no_udp", "no_ip_name_lookup"]) await env.ok([name]);
    },
  },
  {
    name: "the time limit ends a guest that waits, polls, spins or asks the clock",
    covers: ["p2_cli_serve_sleep"],
    async run(env) {
      const limits = { timeout: 60 };
      for (
        const args of [["sleep", "60000"], ["spin_poll"], ["spin_ready"], ["spin_clock"], [
          "http_small",
          `${env.url}/slow?ms=60000`,
          "1",
        ]]
      ) {
        const error = await env.trap(args, /time limit of 60 ms/, { limits });
        assert.ok(error instanceof GuestLimitError);
        assert.equal(error.limit, "timeout");
      }
    },
  },
  {
    name: "a signal ends a waiting guest at once, and its requests",
    async run(env) {
      const controller = new AbortController();
      const run = env.trap(["http_small", `${env.url}/slow?ms=60000`, "1"], /aborted by the caller/, {
        signal: controller.signal,
      });
      await until(() => env.origin.seen.length > 0);
      const reason = new Error("enough");
      controller.abort(reason);
      const error = await run;
      assert.ok(error instanceof GuestLimitError);
      assert.equal(error.limit, "aborted");
      assert.equal(error.cause, reason);
      await until(() => env.origin.connections() === 0);
    },
  },
  {
    name: "an aborted signal lets nothing start",
    run: (env) =>
      assert.rejects(env.run(["hello_stdout"], { signal: AbortSignal.abort() }), { name: "AbortError" }),
  },
  {
    name: "handles",
    covers: ["p2_cli_max_resources", "p2_cli_many_resources"],
    async run(env) {
      await env.ok(["leak_pollables", "1000"]);
      // Of pollables there may be a hundred times as many: JavaScript engines keep them until they collect garbage.
      await env.ok(["leak_pollables", "1000"], { limits: { handles: 100 } });
      await env.trap(["leak_pollables", "11000"], /resource table has no free keys/, {
        limits: { handles: 100 },
      });
      await env.trap(["leak_fields", "1000"], /resource table has no free keys/, {
        limits: { handles: 100 },
      });
    },
  },
  {
    name: "memory",
    async run(env) {
      await env.ok(["grow_memory", "8"]);
      const limits = { memory: 16 << 20 };
      // A guest that asks whether there is more is told that there is not.
      await env.trap(["grow_memory", "64"], /no more memory after 1[45] MiB/, { limits });
      // One that takes it for granted breaks the limit.
      const hello = await load("hello/hello.wasm");
      await assert.rejects(
        hello.run({ args: ["memory", "64"], limits }),
        (error) =>
          error instanceof GuestLimitError && error.limit === "memory" &&
          /memory would have grown past the limit of 16777216 bytes/.test(error.message),
      );
    },
  },
  {
    name: "memory of a guest that never calls the host",
    async run() {
      const guest = await load("wat/grow.wasm");
      for (const [memory, exitCode] of [[32 << 20, 0], [33 << 20, 1], [65_536, 0]] as const) {
        assert.equal((await guest.run({ limits: { memory } })).exitCode, exitCode, `${memory}`);
      }
      await assert.rejects(
        guest.run({ limits: { memory: 65_535 } }),
        /memory begins with 65536 bytes, more than the limit of 65535 bytes/,
      );
    },
  },
  {
    name: "output",
    async run(env) {
      const error = await env.trap(["stdout_forever", "8"], /more than the limit of 1000000 bytes/, {
        limits: { outputBytes: 1_000_000 },
      });
      assert.equal((error as GuestLimitError).limit, "output");
    },
  },
  {
    name: "header fields, in four ways of adding them",
    covers: ["p2_cli_http_headers", "wasi_http_fields_limit"],
    async run(env) {
      for (const shape of ["0", "1", "2", "3"]) {
        await env.trap(["http_headers_forever", shape], /total size of fields exceeds limit|fuel exhausted/);
      }
      await env.trap(["http_million_fields"], /fuel exhausted|exceeds limit/);
    },
  },
  {
    name: "requests under way at once",
    async run(env) {
      await env.run(["leak_requests", "10", `${env.url}/slow?ms=60000`], {
        limits: { concurrentRequests: 4 },
      });
      assert.ok(env.origin.seen.length <= 4, `${env.origin.seen.length} requests`);
      await env.run(["http_hoard_responses", "10", `${env.url}/bytes/1000000`], {
        limits: { concurrentRequests: 3 },
      })
        .catch(() => {});
    },
  },
  {
    name: "request and response bytes",
    async run(env) {
      const up = await env.ok(["http_upload_forever", `${env.url}/sink`, "64"], {
        limits: { requestBytes: 3 << 20 },
      });
      assert.match(up.lines.join(), /HttpRequestBodySize/);
      const down = await env.ok(["http_body_error", `${env.url}/forever`], {
        limits: { responseBytes: 1 << 20 },
      });
      assert.match(down.lines.join(), /HttpResponseBodySize/);
    },
  },
  {
    name: "the end of a guest ends what it left open",
    covers: ["ComponentizeJS#99"],
    async run(env) {
      await env.run(["leak_requests", "5", `${env.url}/slow?ms=60000`]);
      await env.run(["leak_bodies", "5"]);
      await until(() => env.origin.connections() === 0);
    },
  },
  {
    name: "a download that is not read is held back",
    covers: ["2.7 backpressure"],
    async run(env) {
      const { lines } = await env.ok(["http_slow_reader", `${env.url}/bytes/${64 << 20}`, "1000000", "100"]);
      assert.ok(lines.includes(`bytes ${64 << 20}`));
    },
  },
];
