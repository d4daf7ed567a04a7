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

/**
 * The first line of what a process says; the rest is not looked at.
 *
 * @throws {Error} when it ends before.
 */
export async function firstLine(output: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const piece of output) {
    text += decoder.decode(piece, { stream: true });
    if (text.includes("\n")) return text.slice(0, text.indexOf("\n"));
  }
  throw new Error(`It ended without a line: ${JSON.stringify(text)}`);
}
