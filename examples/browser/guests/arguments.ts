/** Command lines and environments as people type them. */

/**
 * Splits a line into arguments as a shell does: blanks part, quotes keep together, a backslash takes the next character
 * as it is (within double quotes only `\\` and `\"`).
 *
 * @throws {SyntaxError} for a quote that is not closed.
 */
export function splitArguments(line: string): string[] {
  const args: string[] = [];
  let current: string | undefined;
  let quote: string | undefined;
  for (let i = 0; i < line.length; i++) {
    const character = line[i]!;
    if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else if (character === "\\" && quote === '"' && /["\\]/.test(line[i + 1] ?? "")) current += line[++i]!;
      else current += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      current ??= "";
    } else if (character === "\\" && i + 1 < line.length) current = (current ?? "") + line[++i]!;
    else if (/\s/.test(character)) {
      if (current !== undefined) args.push(current);
      current = undefined;
    } else current = (current ?? "") + character;
  }
  if (quote !== undefined) throw new SyntaxError(`A ${quote} is not closed`);
  if (current !== undefined) args.push(current);
  return args;
}

/**
 * Reads `NAME=value` lines; empty ones are passed over.
 *
 * @throws {SyntaxError} for a line without a name.
 */
export function parseEnvironment(text: string): Record<string, string> {
  const env: Record<string, string> = {};
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const equals = line.indexOf("=");
    if (equals < 1) throw new SyntaxError(`"${line.trim()}" is not of the form NAME=value`);
    env[line.slice(0, equals).trim()] = line.slice(equals + 1);
  }
  return env;
}
