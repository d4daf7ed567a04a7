/** The lists of cases on wasmtime: they must say what is true, not what our host happens to do. */
import { fail } from "node:assert/strict";
import { existsSync } from "node:fs";
import { installed } from "../../scripts/build_guests/process.ts";
import { CHECK_CASES } from "./cases.ts";
import { guestOf, judge, titleOf, wasmtime } from "./hosts.ts";
import { setStage } from "./places.ts";
import { BIG_PROGRAM_CASES, PROGRAM_CASES } from "./programs.ts";

for (const [name, cases] of Object.entries({ CHECK_CASES, PROGRAM_CASES, BIG_PROGRAM_CASES })) {
  Deno.test(`${name} hold on wasmtime`, async (t) => {
    if (!await installed("wasmtime")) return console.log("SKIPPED: wasmtime not installed");
    const stage = await setStage();
    try {
      for (const check of cases) {
        if (check.notOnWasmtime !== undefined) continue;
        if (!existsSync(guestOf(check))) {
          console.log(`SKIPPED: guest "${check.guest}" not built`);
          continue;
        }
        await t.step(titleOf(check, stage), async () => {
          const problem = judge(check, stage, await wasmtime(check, stage));
          if (problem !== undefined) fail(problem);
        });
      }
    } finally {
      await stage.close();
    }
  });
}
