/** Which objects a sync considers: glob patterns as in shells and `.gitignore`. */
import { UsageError } from "../errors.ts";

/** One `--include` or `--exclude`. */
export interface FilterRule {
  readonly include: boolean;
  readonly pattern: string;
}

/**
 * A test for paths below the root. The last rule that matches decides; where none does, an object is looked at unless
 * the first rule is an `--include`, which then names all that is wanted.
 *
 * @throws {UsageError} for a pattern that is none.
 */
export function pathFilter(rules: readonly FilterRule[]): (path: string) => boolean {
  const tests = rules.map(({ include, pattern }) => ({ include, matches: globTest(pattern) }));
  const otherwise = rules[0]?.include !== true;
  return (path) => tests.findLast(({ matches }) => matches(path))?.include ?? otherwise;
}

/**
 * A test for a glob: `*` and `?` stay within a segment, `**` crosses them, `[a-z]` and `[!a-z]` are one character,
 * `{a,b}` one of several. A pattern without a slash is that of a name at any depth; one that matches a directory
 * matches all below it.
 */
function globTest(pattern: string): (path: string) => boolean {
  const trimmed = pattern.replace(/^\//, "").replace(/\/$/, "");
  if (trimmed === "") throw new UsageError(`Cannot use the pattern "${pattern}": it is empty`);
  const anywhere = pattern.includes("/", 0) && pattern.indexOf("/") < pattern.length - 1 ? "" : "(?:.*/)?";
  // "dir/" is a directory alone: something must be below it.
  const below = pattern.endsWith("/") ? "/.*" : "(?:/.*)?";
  let regex: RegExp;
  try {
    regex = new RegExp(`^${anywhere}${translate(trimmed, pattern)}${below}$`, "su");
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Cannot use the pattern "${pattern}": it is no glob`);
  }
  return (path) => regex.test(path);
}

function translate(glob: string, whole: string): string {
  let regex = "";
  let braces = 0;
  for (let i = 0; i < glob.length; i++) {
    const char = glob[i]!;
    if (char === "*") {
      if (glob[i + 1] !== "*") regex += "[^/]*";
      else if (glob[i + 2] === "/" && (i === 0 || glob[i - 1] === "/")) {
        // `a/**/b` is `a/b` too.
        regex += "(?:.*/)?";
        i += 2;
      } else {
        regex += ".*";
        i++;
      }
    } else if (char === "?") regex += "[^/]";
    else if (char === "[") {
      const end = glob.indexOf("]", i + 2);
      if (end < 0) throw new UsageError(`Cannot use the pattern "${whole}": "[" has no end`);
      const inside = glob.slice(i + 1, end).replace(/[\\[&~]/g, "\\$&").replace(/^[!^]/, "^");
      regex += `(?!/)[${inside}]`;
      i = end;
    } else if (char === "{") {
      regex += "(?:";
      braces++;
    } else if (char === "}" && braces > 0) {
      regex += ")";
      braces--;
    } else if (char === "," && braces > 0) regex += "|";
    else if (char === "\\" && i + 1 < glob.length) regex += escaped(glob[++i]!);
    else regex += escaped(char);
  }
  if (braces > 0) throw new UsageError(`Cannot use the pattern "${whole}": "{" has no end`);
  return regex;
}

function escaped(char: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}
