/** The table of cases. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { table } from "./table.ts";

Deno.test("serve: the table of cases is up to date (tests/wasi/serve/table.ts writes it)", async () => {
  assert.equal(await readFile(new URL("README.md", import.meta.url), "utf8"), table());
});
