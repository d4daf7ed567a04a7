/**
 * Part of `deno task check`: the README's tables of runtimes are those that the last whole run found, and that run knew
 * the runtimes, lists and exceptions that there are now.
 */
import { join } from "node:path";
import { reasonRows, sectionOf, tableRows } from "./markdown.ts";
import { ROOT } from "./places.ts";
import { COLUMNS, stepsOf } from "./plan.ts";
import { RUNTIMES } from "./runtimes.ts";

const read = (...path: string[]): Promise<string> => Deno.readTextFile(join(ROOT, ...path));
const shown = tableRows(sectionOf(await read("README.md")));
const found = tableRows(await read("tests", "runtimes", "RESULTS.md"));

const problems: string[] = [];
if (shown.length === 0) problems.push("the README has no table of runtimes");
for (const [at, row] of shown.entries()) {
  if (row.join() !== found[at]?.join()) {
    problems.push(`the README's row is not that of RESULTS.md: ${row.join(", ")}`);
  }
}
for (const column of COLUMNS) {
  if (!found[0]?.includes(column)) problems.push(`RESULTS.md has no list "${column}"`);
}
for (const runtime of RUNTIMES) {
  if (!found.some(([first]) => first!.startsWith(`${runtime.name} `))) {
    problems.push(`RESULTS.md has no runtime "${runtime.name}"`);
  }
  for (const row of reasonRows(runtime, stepsOf(runtime))) {
    if (!found.some((other) => other.join() === row.join())) {
      problems.push(`RESULTS.md does not say: ${row.join(", ")}`);
    }
  }
}
for (const problem of problems) console.log(problem);
if (problems.length > 0) console.log("Run `deno task test:runtimes`, which writes both");
Deno.exit(problems.length === 0 ? 0 : 1);
