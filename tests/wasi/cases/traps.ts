/** What must trap, and how the trap is told. */
import assert from "node:assert/strict";
import type { HostCase } from "./case.ts";

const CHILDREN = /resource has children/;

const TRAPS: readonly (readonly [name: string, message: RegExp, covers: readonly string[]])[] = [
  ["trap_drop_stream_with_pollable", CHILDREN, ["p2_pollable_traps", "p2_stream_pollable_traps"]],
  ["trap_drop_output_stream_with_pollable", CHILDREN, ["p2_stream_pollable_traps"]],
  ["trap_drop_future_with_pollable", CHILDREN, ["1.11 drop order"]],
  ["trap_drop_trailers_with_pollable", CHILDREN, ["1.11 drop order"]],
  ["trap_drop_outgoing_body_with_stream", CHILDREN, ["1.11 drop order"]],
  ["trap_finish_outgoing_body_with_stream", CHILDREN, ["1.11 drop order"]],
  ["trap_drop_incoming_body_with_stream", CHILDREN, ["1.11 drop order"]],
  ["trap_finish_incoming_body_with_stream", CHILDREN, ["1.11 drop order"]],
  ["trap_empty_poll", /empty poll list/, ["2.1 poll"]],
  ["trap_write_without_permit", /with a permit for/, ["2.3 output-stream"]],
  ["trap_write_zeroes_without_permit", /cannot write more zeroes/, ["2.3 output-stream"]],
  ["trap_write_too_large", /Buffer too large/, ["2.3 output-stream", "p2_cli_hostcall_fuel"]],
  ["trap_write_zeroes_too_large", /Buffer too large/, ["2.3 output-stream"]],
  ["trap_random_too_large", /exceed the limit/, ["p2_cli_random_limits"]],
  ["trap_unreachable", /unreachable/i, ["panic / trap"]],
  ["trap_memory_access", /out of bounds/i, ["panic / trap"]],
  ["trap_stack_overflow", /out of bounds|call stack|unreachable/i, ["panic / trap"]],
];

/** The cases. */
export const trapCases: readonly HostCase[] = [
  ...TRAPS.map(([name, message, covers]): HostCase => ({
    name: `${name}: traps`,
    covers,
    run: (env) => env.trap([name], message),
  })),
  {
    name: "a panic is told with the guest's own words and its frames",
    covers: ["p2_cli_panic", "panic / trap"],
    async run(env) {
      const error = await env.trap(["trap_panic", "so it was"], /unreachable.*so it was/is);
      assert.match(error.guestStderr, /panicked/);
      assert.ok(error.guestStack.length > 0, "no frames");
      assert.ok(error.cause instanceof WebAssembly.RuntimeError);
    },
  },
];
