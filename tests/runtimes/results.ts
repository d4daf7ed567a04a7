/** The table, as text and as Markdown. */
import type { Outcome } from "./assignment.ts";
import { type Column, COLUMNS, type Step } from "./plan.ts";
import type { Runtime } from "./runtime.ts";

/** How a list ended. */
export interface StepResult {
  readonly step: Step;
  readonly outcomes: readonly Outcome[];
  /** What it needs and is not here. */
  readonly skipped?: string;
}

/** How a runtime did. */
export interface RuntimeResult {
  readonly runtime: Runtime;
  readonly version: string;
  readonly steps: readonly StepResult[];
}

/** What a cell says. */
export function cell({ steps }: RuntimeResult, column: Column): string {
  const result = steps.find(({ step }) => step.column === column);
  if (result === undefined) return "—";
  const { outcomes, step, skipped } = result;
  if (skipped !== undefined) return skipped;
  const failed = outcomes.filter(({ error }) => error !== undefined).length;
  if (outcomes.length === 0) return "FAILED: nothing reported";
  if (failed > 0) return `${failed} FAILED of ${outcomes.length}`;
  if (step.refused !== undefined) return `refused: ${step.refused}`;
  const passed = outcomes.filter(({ impossible }) => !impossible).length;
  // Those that are not tried among the others count as well.
  const left = Object.keys(step.without ?? {}).length;
  return `${passed} passed${left > 0 ? `, ${left} cannot` : ""}`;
}

/** Aligned columns for a terminal. */
export function toText(results: readonly RuntimeResult[]): string {
  const rows = [
    ["", ...COLUMNS],
    ...results.map((result) => [
      `${result.runtime.name} (${result.version})`,
      ...COLUMNS.map((column) => cell(result, column)),
    ]),
  ];
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  return rows.map((row) => row.map((text, at) => text.padEnd(widths[at]!)).join("  ").trimEnd()).join("\n");
}
