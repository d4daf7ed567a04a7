/** Applies one operation to many objects: several at once, continuing after failures, which are reported at the end. */
import type { Context } from "./context.ts";
import { errorRecord, PartialFailure } from "./errors.ts";
import { count } from "./format.ts";

/** One object of a bulk operation. */
export interface Task<T> {
  /** What is done: `copy`, `delete`, …. */
  readonly action: string;
  /** The object, as the user would write it. */
  readonly shown: string;
  /** Does it. What it resolves to is shown with `--json`. */
  run(): Promise<T>;
}

/** How a bulk operation is carried out. */
export interface BulkOptions<T> {
  readonly concurrency: number;
  readonly json?: boolean;
  /** Told of each object done. */
  readonly onDone?: (task: Task<T>, result: T) => Promise<void> | void;
}

/**
 * Runs tasks as they come. A failed one is reported at once and does not end the others.
 *
 * @returns How many were done.
 * @throws {PartialFailure} at the end, when any failed.
 */
export async function runTasks<T>(
  context: Context,
  tasks: AsyncIterable<Task<T>>,
  options: BulkOptions<T>,
): Promise<number> {
  const iterator = tasks[Symbol.asyncIterator]();
  let started = 0;
  let failed = 0;
  // The listing failed, the output is gone, or the user interrupted: going on makes no sense.
  let broken: { error: unknown } | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const next = (): Promise<IteratorResult<Task<T>, unknown>> => {
    // An iterator is asked by one worker at a time.
    const step = turn.then(() => broken ? { done: true as const, value: undefined } : iterator.next());
    turn = step.catch(() => {});
    return step;
  };
  const fail = async (task: Task<T>, error: unknown) => {
    if (context.signal.aborted) throw context.signal.reason;
    failed++;
    await context.report(error);
    if (options.json) {
      await context.printJson({ action: task.action, object: task.shown, error: errorRecord(error) });
    }
  };
  const work = async () => {
    while (!broken) {
      try {
        const step = await next();
        if (step.done) return;
        started++;
        const task = step.value;
        const outcome = await task.run().then((result) => ({ result }), (error) => ({ error }));
        if ("error" in outcome) await fail(task, outcome.error);
        else await options.onDone?.(task, outcome.result);
      } catch (error) {
        broken ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, work));
  if (broken) {
    await iterator.return?.();
    throw broken.error;
  }
  if (failed > 0) {
    throw new PartialFailure(started === 1 ? "" : `${failed} of ${count(started, "object")} failed`);
  }
  return started;
}
