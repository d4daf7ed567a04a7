/** Runtimes that are a command. */
import type { Assignment, Outcome } from "./assignment.ts";
import { outcomesIn } from "./lines.ts";

/** Runs a program with an assignment as its last argument; resolves to what it reported. */
export async function runProgram(
  command: string,
  args: readonly string[],
  assignment: Assignment,
  cwd: string,
): Promise<readonly Outcome[]> {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args: [...args, JSON.stringify(assignment)],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  const { outcomes, rest } = outcomesIn(decoder.decode(stdout));
  if (code === 0) return outcomes;
  const said = `${decoder.decode(stderr)}\n${rest}`.trim().split("\n").slice(-20).join("\n");
  return [...outcomes, { name: "the program runs to its end", error: `it ended with ${code}: ${said}` }];
}
