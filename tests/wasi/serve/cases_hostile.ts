/** Guests that fail, in whatever way: the server stays, and nobody else notices. */
import assert from "node:assert/strict";
import { GuestLimitError, GuestTrapError } from "../../../src/wasi/mod.ts";
import { hold, message, raw, type ServeCase, type Serving } from "./env.ts";
import { until } from "../until.ts";

async function answer({ port }: Serving, path: string): Promise<readonly [status: number, text: string]> {
  const { status, body } = await raw(port, message(`GET ${path}`));
  return [status, Buffer.from(body).toString()];
}

async function works(serving: Serving): Promise<void> {
  assert.deepEqual(await answer(serving, "/hello"), [200, "Hello, WASI!"]);
}

/** A time limit, in milliseconds, that no honest request reaches, not even on a machine busy with other things. */
const TIME = 1500;

/** See the file's head. */
export const hostileCases: readonly ServeCase[] = [
  {
    name: "without an answer the client gets 500 and an id, the log the reason",
    covers: ["p2_cli_serve_return_before_set", "p2_cli_serve_trap_before_set"],
    async run({ serve }) {
      const serving = await serve();
      for (const path of ["/return-before-set", "/trap-before-set"]) {
        for (let i = 0; i < 2; i++) {
          const [status, text] = await answer(serving, path);
          assert.equal(status, 500);
          const id = /request (\S+)/.exec(text)?.[1];
          const { failure } = serving.failures.find((one) => one.id === id)!;
          assert.ok(!failure.message.includes("panicked"), failure.message);
          if (path === "/return-before-set") {
            assert.match(failure.message, /guest never invoked `response-outparam::set` method/);
          } else assert.equal(failure.kind, "trap");
        }
      }
      await works(serving);
    },
  },
  {
    name: "what a guest says of its failure stays in the log",
    covers: ["4.1 errors", "7.3 info leaks"],
    async run({ serve }) {
      const serving = await serve();
      for (const path of ["/secret", "/set-error", "/exit"]) {
        const response = await fetch(`${serving.url}${path}`);
        const text = await response.text();
        assert.equal(response.status, 500);
        assert.doesNotMatch(text + JSON.stringify([...response.headers]), /hunter2|serve\/src|panick|wasm/);
        assert.equal(response.headers.get("x-request-id"), /request (\S+)/.exec(text)?.[1]);
      }
      assert.deepEqual(serving.failures.map(({ failure }) => failure.kind), ["trap", "error-code", "exit"]);
      assert.match(serving.failures[0]!.failure.message, /hunter2/);
      assert.match(serving.failures[1]!.failure.message, /internal-error.*hunter2/);
      await works(serving);
    },
  },
  {
    name: "the log has the guest's own error: its stack, its last words, the limit that it broke",
    async run({ serve }) {
      const { url, failures } = await serve({ limits: { memory: 64 << 20, handles: 50 } });
      for (const path of ["/secret", "/leak?n=100"]) {
        await (await fetch(`${url}${path}`)).text();
      }
      const [panic, limit] = failures.map(({ failure }) => failure.cause);
      assert.ok(panic instanceof GuestTrapError && !(panic instanceof GuestLimitError));
      assert.match(panic.reason, /^The guest trapped: /);
      assert.match(panic.guestStderr, /hunter2/);
      assert.ok(panic.guestStack.length > 0);
      assert.ok(limit instanceof GuestLimitError);
      assert.equal(limit.limit, "handles");
    },
  },
  {
    name: "a trap after the head cuts the body short",
    covers: ["1.6 trap after set"],
    async run({ serve }) {
      const serving = await serve();
      const { status, whole } = await raw(serving.port, message("GET /trap-after-set?bytes=100000&ms=20"));
      assert.equal(status, 200);
      assert.equal(whole, false);
      assert.equal(serving.failures[0]?.failure.kind, "trap");
      assert.equal(serving.requests.at(-1)?.complete, false);
      await works(serving);
    },
  },
  {
    name: "answering twice is a trap",
    async run({ serve }) {
      const serving = await serve();
      await answer(serving, "/answer-twice");
      await until(() => serving.failures.length === 1);
      assert.match(serving.failures[0]!.failure.message, /which it does not hold/);
      assert.ok(!serving.output().includes("survived"));
      await works(serving);
    },
  },
  {
    name: "a guest that sleeps for ever gets 504, again and again",
    covers: ["p2_cli_serve_sleep", "p2_cli_serve_sleep_many"],
    async run({ serve }) {
      const serving = await serve({ requestTimeout: TIME, workers: 4 });
      const answers = await Promise.all(Array.from({ length: 8 }, () => answer(serving, "/sleep")));
      assert.ok(answers.every(([status]) => status === 504), JSON.stringify(answers));
      assert.equal(serving.output(), "");
      assert.match(serving.failures[0]!.failure.message, /guest timed out/);
      await works(serving);
    },
  },
  {
    name: "a guest that loops costs its request and its worker, nobody else",
    covers: ["4.1 deadline", "7.3 kill by terminating the worker"],
    only: { isolation: "worker" },
    async run({ serve }) {
      const serving = await serve({ requestTimeout: TIME, workers: 3 });
      await works(serving);
      const loops = ["/loop", "/loop"].map((path) => answer(serving, path));
      const others = await Promise.all(Array.from({ length: 60 }, () => answer(serving, "/hello")));
      assert.deepEqual(others.filter(([, text]) => text !== "Hello, WASI!"), []);
      for (const [status] of await Promise.all(loops)) assert.equal(status, 504);
      await until(() => serving.server.stats().workers.lost === 2);
      await works(serving);
      assert.equal(serving.server.stats().timeouts, 2);
    },
  },
  {
    name: "requests that wait in a worker that is ended go to another one",
    only: { isolation: "worker" },
    async run({ serve }) {
      const serving = await serve({ requestTimeout: TIME, workers: 1 });
      await works(serving);
      const loop = answer(serving, "/loop");
      const others = await Promise.all(Array.from({ length: 20 }, () => answer(serving, "/hello")));
      assert.equal((await loop)[0], 504);
      assert.ok(others.every(([status]) => status === 200), JSON.stringify(others));
    },
  },
  {
    name: "a loop after the head cuts the body short",
    only: { isolation: "worker" },
    async run({ serve }) {
      const serving = await serve({ requestTimeout: TIME });
      const { status, whole, body } = await raw(serving.port, message("GET /loop-after-set"));
      assert.deepEqual([status, whole, Buffer.from(body).toString()], [200, false, "then silence"]);
      await works(serving);
    },
  },
  {
    name: "memory and handles over their limits end the guest alone",
    covers: ["7.3 memory"],
    async run({ serve }) {
      const serving = await serve({ limits: { memory: 32 << 20, handles: 50 } });
      assert.equal((await answer(serving, "/memory?mib=64"))[0], 500);
      assert.match(
        serving.failures[0]!.failure.message,
        /memory would have grown past the limit of 33554432/,
      );
      assert.equal((await answer(serving, "/leak?n=100"))[0], 500);
      assert.equal((await answer(serving, "/memory?mib=8"))[0], 200);
      await works(serving);
    },
  },
  {
    name: "an answer larger than allowed is cut off",
    async run({ serve }) {
      const serving = await serve({ limits: { servedResponseBytes: 100_000 } });
      assert.equal((await answer(serving, "/bytes/100000"))[0], 200);
      const { whole, status } = await raw(serving.port, message("GET /bytes/50000000"));
      assert.ok(!whole || status === 500);
      assert.ok(serving.failures.some(({ failure }) => failure.kind === "bad-response"));
      await works(serving);
    },
  },
  {
    name: "an instance serves so many requests and no more; a fresh one knows nothing",
    covers: ["4.1 instances"],
    async run({ serve }) {
      const once = await serve({ maxInstanceReuseCount: 1 });
      for (let i = 0; i < 3; i++) assert.equal((await answer(once, "/state"))[1], "1");
      const thrice = await serve({ maxInstanceReuseCount: 3, workers: 1, maxInstances: 1 });
      const seen: string[] = [];
      for (let i = 0; i < 7; i++) seen.push((await answer(thrice, "/state"))[1]);
      assert.deepEqual(seen, ["1", "2", "3", "1", "2", "3", "1"]);
    },
  },
  {
    name: "an instance that is idle for long is given up",
    only: { isolation: "inline" },
    async run({ serve }) {
      const serving = await serve({ idleTimeout: 40, maxInstanceReuseCount: 9 });
      const slow = answer(serving, "/finish-later?ms=50");
      await until(() => serving.server.stats().instances.live === 1);
      await slow;
      await until(() => serving.server.stats().instances.live === 0);
      assert.equal((await answer(serving, "/state"))[1], "1");
    },
  },
  {
    name: "a broken instance is given up alone",
    only: { isolation: "inline" },
    async run({ serve }) {
      const serving = await serve({ maxInstances: 2 });
      const slow = answer(serving, "/finish-later?ms=150");
      await until(() => serving.server.stats().inFlight === 1);
      assert.equal((await answer(serving, "/trap-before-set"))[0], 500);
      assert.deepEqual(await slow, [200, "first second"]);
    },
  },
  {
    name: "requests wait for their turn; those over the bound get 503 and when to come again",
    covers: ["4.2 max concurrent"],
    async run({ serve }) {
      const serving = await serve({ maxConcurrent: 1, maxQueue: 2, queueTimeout: 60_000 });
      const { url, server } = serving;
      const release = await hold(serving);
      const others = Array.from({ length: 5 }, async () => {
        const response = await fetch(`${url}/hello`);
        await response.text();
        return response;
      });
      await until(() => server.stats().refused["queue-full"] === 3);
      assert.equal(server.stats().queued, 2);
      assert.equal(await release(), 200);
      const all = await Promise.all(others);
      const statuses = all.map(({ status }) => status);
      assert.equal(statuses.filter((status) => status === 200).length, 2, statuses.join());
      const refused = all.filter(({ status }) => status === 503);
      assert.equal(refused.length, 3);
      assert.match(refused[0]!.headers.get("retry-after")!, /^\d+$/);
      assert.equal(server.stats().refused["queue-full"], 3);
      assert.equal(server.stats().queued, 0);
    },
  },
  {
    name: "a request that waited for too long gets 503",
    async run({ serve }) {
      const serving = await serve({ maxConcurrent: 1, queueTimeout: 50 });
      const { url, server } = serving;
      const release = await hold(serving);
      const second = await fetch(`${url}/hello`);
      assert.equal(second.status, 503);
      await second.text();
      assert.equal(await release(), 200);
      assert.equal(server.stats().refused["queue-timeout"], 1);
    },
  },
  {
    name: "stopping lets requests under way end, and refuses others",
    covers: ["4.1 shutdown"],
    async run({ serve }) {
      const { url, server, stop } = await serve();
      const slow = fetch(`${url}/finish-later?ms=200`);
      await until(() => server.stats().inFlight === 1);
      const stopped = stop(5000);
      assert.equal(await (await slow).text(), "first second");
      await stopped;
      const late = await server.fetch(new Request("http://x/hello"));
      assert.equal(late.status, 503);
      await late.text();
      await assert.rejects(fetch(`${url}/hello`));
    },
  },
  {
    name: "stopping cuts off what takes too long",
    async run({ serve }) {
      const { url, server, stop } = await serve();
      const endless = await fetch(`${url}/sse?ms=10`);
      const waiting = fetch(`${url}/early_drop?ms=20000`).then(async (response) => {
        await response.text();
        return response.status;
      }).catch(() => 0);
      await until(() => server.stats().inFlight === 2);
      const broken = endless.text().then(() => "whole", () => "cut off");
      await stop(50);
      assert.equal(await broken, "cut off");
      assert.ok([0, 503].includes(await waiting));
    },
  },
];
