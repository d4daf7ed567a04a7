/** What a guest is granted besides the network: settings, buckets, sockets, room for what it writes and takes. */
import assert from "node:assert/strict";
import { MemoryStore } from "../../../src/stores/memory/mod.ts";
import type { KeyValueSource } from "../../../src/wasi/mod.ts";
import { message, open, raw, type ServeCase } from "./env.ts";
import { until } from "../until.ts";

const SETTINGS = "settings/settings.wasm";

/** A bucket with these values, in memory or in a store. */
async function bucketOf(values: Record<string, string>, store: boolean): Promise<KeyValueSource> {
  if (!store) return values;
  const memory = new MemoryStore();
  for (const [key, value] of Object.entries(values)) await memory.put(key, value);
  return memory;
}

/** See the file's head. */
export const grantedCases: readonly ServeCase[] = [
  {
    name: "settings are those granted",
    covers: ["p2_cli_serve_config"],
    async run({ serve }) {
      const ask = async ({ url }: { readonly url: string }, path: string) =>
        await (await fetch(`${url}/${path}`)).text();
      const given = await serve({ config: { hello: "world", empty: "" } }, SETTINGS);
      assert.equal(await ask(given, "config?hello"), 'Ok(Some("world"))');
      assert.equal(await ask(given, "config?HELLO"), "Ok(None)");
      assert.equal(await ask(given, "config-all"), 'Ok([("hello", "world"), ("empty", "")])');
      const none = await serve({}, SETTINGS);
      assert.equal(await ask(none, "config-all"), "Ok([])");
    },
  },
  {
    name: "a listener for denied requests that throws disturbs nobody",
    async run({ serve }) {
      let told = 0;
      const { url, failures } = await serve({
        net: [],
        onDenied: () => {
          told++;
          throw new Error("from the listener");
        },
      });
      const response = await fetch(`${url}/fetch`, { headers: { url: "http://127.0.0.1:9/" } });
      assert.equal(await response.text(), "error ErrorCode::HttpRequestDenied\n");
      await until(() => told === 1);
      assert.deepEqual(failures, []);
    },
  },
  {
    name: "buckets: every operation, in memory and in a store",
    covers: ["p2_cli_serve_keyvalue"],
    async run({ serve, setting }) {
      for (const inStore of setting.isolation === "inline" ? [false, true] : [false]) {
        const limit = 1 << 20;
        const { url } = await serve({
          keyValue: {
            "": await bucketOf({ hello: "world" }, inStore),
            tour: await bucketOf({ atomics_key: "5" }, inStore),
            many: await bucketOf({}, inStore),
            errors: await bucketOf({}, inStore),
          },
          limits: { keyValueBytes: limit },
        }, SETTINGS);
        const ask = async (path: string) => await (await fetch(`${url}/${path}`)).text();
        assert.equal(await ask("value?"), "world");
        assert.equal(await ask("tour?tour"), "tour made");
        assert.equal(await ask("fill?many"), "2500 keys in 3 pages");
        assert.equal(await ask("value?nobody's"), "Err(Error::NoSuchStore)");
        // What is kept in a store is there for the next request; a bucket in memory ends with its instance.
        assert.equal(await ask("count?errors"), "Ok(1)");
        assert.equal(await ask("count?errors"), inStore ? "Ok(2)" : "Ok(1)");
        const errors = (await ask("errors?errors")).split("\n");
        assert.deepEqual(errors.slice(0, 4), [
          "Err(Error::NoSuchStore)",
          'Err(Error::Other("The value of \\"word\\" is not a number"))',
          'Err(Error::Other("The value of \\"large\\" would be more than 64 bits hold"))',
          'Err(Error::Other("The cursor 77 is not one of this bucket"))',
        ]);
        assert.deepEqual(
          errors.slice(4),
          inStore
            ? [
              "Ok(())",
              `Err(Error::Other("The value of \\"big\\" has 4194304 bytes, more than the limit of ${limit}"))`,
              'Err(Error::Other("\\"../up\\" is no key of this bucket"))',
            ]
            : [`Err(Error::Other("The bucket is full: it holds ${limit} bytes"))`, "Ok(None)", "Ok(())"],
        );
      }
    },
  },
  {
    name: "many requests count in one bucket, and none is lost",
    only: { isolation: "inline" },
    async run({ serve }) {
      const store = new MemoryStore();
      const { url } = await serve({ keyValue: { "": store } }, SETTINGS);
      await Promise.all(
        Array.from({ length: 20 }, async () => await (await fetch(`${url}/count?`)).text()),
      );
      assert.equal(await (await store.get("count")).text(), "20");
    },
  },
  {
    name:
      "a store, a policy, a connector and other functions are not carried to workers, and said so by name",
    only: { isolation: "worker" },
    async run({ serve }) {
      await assert.rejects(
        serve({ keyValue: { "": new MemoryStore() } }, SETTINGS),
        /the store of the bucket "" cannot be carried there/,
      );
      const { allowList } = await import("../../../src/http/mod.ts");
      await assert.rejects(serve({ net: allowList(["a"]) }), /"net" must be a list of entries/);
      await assert.rejects(
        serve({ sockets: { allow: allowList(["a:1"]) } }),
        /"sockets" must be a list of entries/,
      );
      await assert.rejects(serve({ clocks: { wall: () => 0n } }), /"clocks" cannot be carried/);
    },
  },
  {
    name: "a window for what is written: a guest is held back sooner, and serves the same",
    covers: ["p2_cli_serve_outgoing_body_config"],
    async run({ serve }) {
      const { url, port, server } = await serve({ env: { FOO: "bar" }, limits: { bodyWindow: 1024 } });
      const response = await fetch(`${url}/env`, { headers: [["env", "FOO"]] });
      await response.text();
      assert.equal(response.headers.get("foo"), "bar");
      const bytes = new Uint8Array(await (await fetch(`${url}/bytes/300000`)).arrayBuffer());
      assert.ok(bytes.length === 300_000 && bytes.every((byte, i) => byte === i % 251));
      const socket = await open(port);
      socket.on("error", () => {});
      socket.pause();
      socket.write(message("GET /bytes/1073741824"));
      await until(() => server.stats().inFlight === 1);
      socket.destroy();
      await until(() => server.stats().inFlight === 0);
    },
  },
  {
    name: "without room for its memory no instance is made, and the log says why",
    covers: ["p2_cli_serve_respect_pooling_options"],
    async run({ serve }) {
      const { port, failures } = await serve({ limits: { memory: 65_536 } });
      for (let i = 0; i < 2; i++) assert.equal((await raw(port, message("GET /hello"))).status, 500);
      assert.equal(failures.length, 2);
      assert.match(failures[0]!.failure.message, /memory.* limit of 65536 bytes/);
    },
  },
];
