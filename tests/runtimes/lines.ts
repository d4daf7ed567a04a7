/** How outcomes travel where there is nothing but text. */
import type { Outcome } from "./assignment.ts";

/** Begins a line that is an outcome; others are what the runtime has to say. */
export const OUTCOME = "@@outcome ";

/** The outcomes in a text, and the rest of it. */
export function outcomesIn(text: string): { readonly outcomes: Outcome[]; readonly rest: string } {
  const outcomes: Outcome[] = [], rest: string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith(OUTCOME)) outcomes.push(JSON.parse(line.slice(OUTCOME.length)));
    else if (line.trim() !== "") rest.push(line);
  }
  return { outcomes, rest: rest.join("\n") };
}
