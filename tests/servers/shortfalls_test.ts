/**
 * What is said of real servers holds: the table is made of the data, the data names what there is, and what is said to
 * fail does.
 */
import { strict as assert } from "node:assert";
import { fileURLToPath } from "node:url";
import { storeCases } from "../../src/store/conformance/mod.ts";
import { STEPS } from "../stores/s3_steps/mod.ts";
import { S3_SERVERS } from "./s3.ts";
import { README, withTable } from "./table.ts";

Deno.test("the table of what servers lack is made of their data", async () => {
  const text = await Deno.readTextFile(README);
  assert.equal(text, withTable(text), "run: deno run -A tests/servers/table.ts");
});

Deno.test("what servers are said to fail are cases and steps that there are", () => {
  const names = new Set([...storeCases.map(({ name }) => name), ...Object.keys(STEPS)]);
  assert.equal(names.size, storeCases.length + Object.keys(STEPS).length, "a case and a step have one name");
  for (const { name, lacks, why, fails } of S3_SERVERS) {
    for (const what of Object.keys(fails)) assert.ok(names.has(what), `${name}: there is no "${what}"`);
    assert.deepEqual(Object.keys(why).sort(), [...lacks].sort(), `${name}: what it does instead`);
  }
});

Deno.test("what servers are said to fail always does", async () => {
  const script = fileURLToPath(new URL("./shortfalls.ts", import.meta.url));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", script] })
    .output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const passed = JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!) as Record<
    string,
    string[]
  >;
  for (const { name } of S3_SERVERS) {
    if (passed[name] === undefined) console.log(`SKIPPED: ${name} not installed`);
    else assert.deepEqual(passed[name], [], `${name} passes what it is said to fail: take it off its list`);
  }
});
