/** `wasi:io`, clocks and random. */
import assert from "node:assert/strict";
import { type HostCase, plain } from "./case.ts";

/** The cases. */
export const ioCases: readonly HostCase[] = [
  { ...plain("pollable_correct", ["p2_pollable_correct"]) },
  {
    name: "stream_pollable_correct: stdin and stdout",
    covers: ["p2_stream_pollable_correct"],
    run: (env) => env.ok(["stream_pollable_correct"], { stdin: "some" }),
  },
  plain("poll_duplicates", ["p2_pollable_correct", "2.1 poll"]),
  plain("poll_mixed", ["2.1 poll"]),
  plain("poll_many", ["p2_cli_hostcall_fuel"], () => ["5000"]),
  {
    name: "poll_busy: a guest that polls a ready pollable does not hold up its own request",
    covers: ["p2_tcp_busy_poll", "2.5 fairness"],
    run: (env) => env.ok(["poll_busy", "20000", `${env.url}/slow?ms=30`]),
  },
  {
    name: "poll_ready_busy: the same for ready()",
    covers: ["2.1 ready", "2.5 fairness"],
    run: (env) => env.ok(["poll_ready_busy", "20000", `${env.url}/slow?ms=30`]),
  },
  {
    name: "a busy guest does not hold up the host",
    covers: ["2.5 fairness"],
    async run(env) {
      let turns = 0;
      const timer = setInterval(() => turns++, 5);
      try {
        await env.ok(["spin_poll", "120"]);
        await env.ok(["spin_ready", "120"]);
      } finally {
        clearInterval(timer);
      }
      assert.ok(turns >= 5, `only ${turns} turns of the event loop`);
    },
  },
  {
    name: "splice and blocking-splice from stdin to stdout",
    covers: ["p2_cli_splice_stdin"],
    async run(env) {
      for (const name of ["splice_stdin", "blocking_splice_stdin"]) {
        const { lines } = await env.ok([name], { stdin: "to be spliced\n" });
        assert.ok(lines.includes("to be spliced"), lines.join());
      }
    },
  },
  {
    name: "reading nothing tells of the end",
    covers: ["2.2 input-stream"],
    async run(env) {
      const { lines } = await env.ok(["read_zero"], { stdin: "some bytes" });
      assert.match(lines.join(), /Closed/);
    },
  },
  {
    name: "lengths of 2^64-1 are fine",
    covers: ["p2_cli_hostcall_fuel", "2.2 input-stream"],
    run: (env) => env.ok(["read_len_max", `${env.url}/bytes/5000`], { stdin: "some bytes" }),
  },
  {
    name: "skip",
    covers: ["2.2 input-stream"],
    async run(env) {
      const { lines } = await env.ok(["skip_stdin", "3"], { stdin: "hello" });
      assert.ok(lines.some((line) => line.startsWith("lo")), lines.join());
    },
  },
  {
    name: "write-zeroes",
    covers: ["2.3 output-stream"],
    async run(env) {
      const { stdout } = await env.run(["write_zeroes", "10000"]);
      // Three more by `write-zeroes`.
      assert.equal(stdout.filter((byte) => byte === 0).length, 10_003);
    },
  },
  plain("write_permits", ["2.3 output-stream"]),
  plain("write_empty", ["2.3 output-stream"]),
  plain("clocks_default", ["p2_cli_default_clocks"]),
  plain("clocks_zero_wait", ["p2_clocks_zero_wait"]),
  plain("clocks_overflow", ["2.5 clocks"]),
  plain("sleep", ["p2_sleep"], () => ["20"]),
  {
    name: "sleep_forever: ended by the time limit",
    covers: ["p2_cli_sleep_forever"],
    run: (env) => env.trap(["sleep_forever"], /time limit of 60 ms/, { limits: { timeout: 60 } }),
  },
  {
    name: "sleep_forever: without any limit it is a deadlock, and told as one",
    covers: ["2.1 never"],
    run: (env) => env.trap(["sleep_forever"], /can never happen/, { limits: { timeout: Infinity } }),
  },
  {
    name: "writing more than the window to a request that was never sent is a deadlock, and told as one",
    covers: ["wasmtime#9653"],
    run: (env) => env.trap(["unsent_body_deadlock"], /never sent/),
  },
  {
    name: "clocks can be fixed",
    covers: ["p2_api_time"],
    async run(env) {
      const { lines } = await env.ok(["clocks_print"], {
        clocks: { monotonic: () => 42_000_000_000n, wall: () => 1_431_648_000_000_000_100n },
      });
      assert.ok(lines.includes("monotonic 42000000000"), lines.join());
      assert.ok(lines.includes("wall 1431648000.000000100"), lines.join());
    },
  },
  plain("random", ["p2_random"]),
  {
    name: "random_limit: a smaller limit traps",
    covers: ["p2_cli_random_limits"],
    async run(env) {
      await env.ok(["random_limit", "255"], { limits: { randomBytes: 255 } });
      await env.trap(["random_limit", "256"], /exceed the limit of 255/, { limits: { randomBytes: 255 } });
    },
  },
  {
    name: "a seed makes runs alike, no seed makes them differ",
    async run(env) {
      const print = async (randomSeed?: bigint) => (await env.ok(["random_print"], { randomSeed })).text;
      assert.equal(await print(7n), await print(7n));
      assert.notEqual(await print(7n), await print(8n));
      assert.notEqual(await print(), await print());
    },
  },
];
