/** The list of cases of serving, in every setting. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import "../generator.ts";
import { serveCases } from "./cases.ts";
import { type Setting, withServe } from "./env.ts";
import { table } from "./table.ts";

const SETTINGS: readonly Setting[] = [
  { isolation: "inline", listener: "deno" },
  { isolation: "inline", listener: "node" },
  { isolation: "worker", listener: "deno" },
  { isolation: "worker", listener: "node" },
];

for (const setting of SETTINGS) {
  const { isolation, listener } = setting;
  for (const { name, only = {}, run } of serveCases) {
    if ((only.isolation ?? isolation) !== isolation || (only.listener ?? listener) !== listener) continue;
    Deno.test(`serve, ${isolation}, ${listener}: ${name}`, () => withServe(setting, run));
  }
}

Deno.test("serve: the table of cases is up to date (tests/wasi/serve/table.ts writes it)", async () => {
  assert.equal(await readFile(new URL("README.md", import.meta.url), "utf8"), table());
});
