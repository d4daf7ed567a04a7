/** The list of cases on wasmtime: they must say what is true, not what our host happens to do. */
import { fail } from "node:assert/strict";
import { installed } from "../../scripts/build_guests/process.ts";
import { CHECK_CASES } from "./cases.ts";
import { argsOf, guestPath, judge, wasmtime } from "./hosts.ts";
import { setStage } from "./places.ts";

Deno.test("the checks hold on wasmtime", async (t) => {
  if (!await installed("wasmtime")) return console.log("SKIPPED: wasmtime not installed");
  const stage = await setStage();
  try {
    for (const check of CHECK_CASES) {
      if (check.notOnWasmtime !== undefined) continue;
      await t.step(argsOf(check, stage).join(" ").slice(0, 100), async () => {
        const problem = judge(check, stage, await wasmtime(guestPath("checks"), check, stage));
        if (problem !== undefined) fail(problem);
      });
    }
  } finally {
    await stage.close();
  }
});
