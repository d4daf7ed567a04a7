/** The environment of the process, where there is one: Deno (asks for `--allow-env`), Node and Bun. */
import process from "node:process";

/** A copy of the environment's variables. */
export function processEnvironment(): Record<string, string | undefined> {
  return { ...process.env };
}
