/**
 * `deno task test:runtimes`: one list of cases a column, one runtime a line. Names as arguments (`Deno`,
 * `"Node 24/WASI host"`) run only those runtimes or lists; then nothing is written. With `--exceptions` only what is
 * never tried among others is run, each case alone: it must still fail.
 */
import { join } from "node:path";
import { run } from "../../scripts/npm/process.ts";
import type { Outcome } from "./assignment.ts";
import { readmeSection, resultsFile, withSection } from "./markdown.ts";
import { ROOT } from "./places.ts";
import { harmfulStepsOf, type Step, stepsOf } from "./plan.ts";
import { type RuntimeResult, type StepResult, toText } from "./results.ts";
import { NotInstalled, type RunningRuntime, type Runtime } from "./runtime.ts";
import { RUNTIMES } from "./runtimes.ts";
import { Semaphore } from "./semaphore.ts";
import { setStage } from "./stage.ts";

/** Lists run side by side, each in a process and with servers of its own. */
const AT_ONCE = Math.max(2, navigator.hardwareConcurrency);
/** So many failures of a list are told one by one. */
const SHOWN = 20;
const free = new Semaphore(AT_ONCE);
const exceptions = Deno.args.includes("--exceptions");
const names = Deno.args.filter((arg) => arg !== "--exceptions");

async function runStep(running: RunningRuntime, runtime: Runtime, step: Step): Promise<StepResult> {
  using _ = await free.take();
  const started = performance.now();
  await using stage = setStage();
  const where = `${runtime.name}, ${step.column}`;
  let outcomes: readonly Outcome[];
  try {
    outcomes = await running.run(await step.assignment(stage));
  } catch (error) {
    if (!(error instanceof NotInstalled)) throw error;
    console.log(`SKIPPED: ${where}: ${error.message}`);
    return { step, outcomes: [], skipped: error.message };
  }
  const seconds = (performance.now() - started) / 1000;
  const failures: string[] = [];
  for (const { name, error, again } of outcomes) {
    if (error !== undefined) failures.push(`FAILED ${where}: ${name}\n    ${error}`);
    else if (again !== undefined) console.log(`only the second time: ${where}: ${name}\n    ${again}`);
  }
  for (const failure of failures.slice(0, SHOWN)) console.log(failure);
  if (failures.length > SHOWN) console.log(`FAILED ${where}: ${failures.length - SHOWN} more`);
  if (outcomes.length === 0) console.log(`FAILED ${where}: it reported nothing`);
  console.log(`${where}: ${outcomes.length} cases in ${seconds.toFixed(1)} s`);
  return { step, outcomes };
}

async function runRuntime(runtime: Runtime): Promise<RuntimeResult> {
  let running;
  try {
    running = await runtime.start();
  } catch (error) {
    if (!(error instanceof NotInstalled)) throw error;
    console.log(`SKIPPED: ${runtime.name}: ${error.message}`);
    return { runtime, version: "not installed", steps: [] };
  }
  try {
    const ready = running;
    const wanted = (exceptions ? harmfulStepsOf : stepsOf)(runtime).filter(({ column }) =>
      names.length === 0 || names.includes(runtime.name) || names.includes(`${runtime.name}/${column}`)
    );
    const turn = new Semaphore(ready.oneThread ? 1 : AT_ONCE);
    const steps = await Promise.all(wanted.map(async (step) => {
      using _ = await turn.take();
      return await runStep(ready, runtime, step);
    }));
    return { runtime, version: running.version, steps };
  } finally {
    await running.close();
  }
}

/** Keeps what was found: only a whole run without failures says anything of all runtimes. */
async function write(results: readonly RuntimeResult[]): Promise<void> {
  const record = join(ROOT, "tests", "runtimes", "RESULTS.md"), readme = join(ROOT, "README.md");
  await Deno.writeTextFile(record, resultsFile(results));
  await Deno.writeTextFile(readme, withSection(await Deno.readTextFile(readme), readmeSection(results)));
  await run(Deno.execPath(), ["fmt", "--quiet", record, readme], ROOT);
  console.log("Wrote tests/runtimes/RESULTS.md and the README's section");
}

function complete(results: readonly RuntimeResult[]): boolean {
  return results.every(({ steps }) =>
    steps.length > 0 && steps.every(({ skipped }) => skipped === undefined)
  );
}

const chosen = RUNTIMES.filter(({ name }) =>
  names.length === 0 || names.some((arg) => arg.split("/")[0] === name)
);
// All are ended before one that could not be started ends the run.
const settled = await Promise.allSettled(chosen.map(runRuntime));
const results = settled.map((result) => {
  if (result.status === "rejected") throw result.reason;
  return result.value;
});
if (!exceptions) console.log(toText(results));
const all = results.flatMap(({ steps }) => steps.flatMap(({ outcomes }) => outcomes));
const failed = all.filter(({ error }) => error !== undefined).length +
  results.flatMap(({ steps }) => steps).filter(({ outcomes, skipped }) =>
    outcomes.length === 0 && skipped === undefined
  )
    .length;
if (Deno.args.length === 0 && failed === 0 && complete(results)) {
  await write(results);
}
const again = all.filter((outcome) => outcome.again !== undefined && outcome.error === undefined).length;
if (again > 0) console.log(`${again} of them only the second time, at the slower pace`);
console.log(`${all.length - failed} passed, ${failed} failed`);
Deno.exit(failed === 0 ? 0 : 1);
