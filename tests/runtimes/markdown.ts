/** The tables as Markdown, for the README and for `RESULTS.md`. */
import { connectorCases, type ConnectorFeature } from "../../src/testing/mod.ts";
import { type Column, COLUMNS, type Step } from "./plan.ts";
import { cell, type RuntimeResult } from "./results.ts";
import type { Runtime, Without } from "./runtime.ts";

const BEGIN = "<!-- runtimes:begin -->";
const END = "<!-- runtimes:end -->";

/** What each feature of a connector is to a reader. */
const FEATURES: Readonly<Record<ConnectorFeature, string>> = {
  "duplex": "reading the answer while the request is sent",
  "extension-methods": "methods that no RFC names",
  "get-body": "a body with GET",
  "host-header": "a `host` of one's own",
  "latin1-headers": "header values beyond ASCII",
  "method-case": "methods in lower case",
  "raw-path": "paths with dot segments",
  "request-trailers": "sending trailers",
  "response-trailers": "seeing trailers",
  "separate-lines": "repeated header lines apart",
  "stream-length": "streams of a declared length beyond 16 MiB",
  "trace": "TRACE",
};

/** Runtime by list. */
function listTable(results: readonly RuntimeResult[]): string {
  const rows = results.map((result) => [
    `${result.runtime.name} ${result.version}`,
    ...COLUMNS.map((column) => cell(result, column)),
  ]);
  return table(["runtime", ...COLUMNS], rows);
}

/** What else readers ask for, and the case that shows it. */
const ABILITIES: Readonly<Record<string, string>> = {
  "streams of unknown length beyond 16 MiB": "a large stream of unknown length arrives whole",
  "redirects as they are": "redirects are not followed",
  "cookies of the answer": "cookies stay apart",
  "telling a refused connection from others": "a refused connection is of kind connect",
  "closing the connection of what was given up":
    "aborting while the body is read closes the connection (stream)",
};

/** What connectors can do by runtime, as their cases found; what they cannot is refused by name. */
function featureTable(results: readonly RuntimeResult[]): string {
  const held = results.map((result) => passedBy(result, "FetchConnector"));
  const heldByNode = results.map((result) => passedBy(result, "NodeHttpConnector")).find(({ size }) =>
    size > 1
  );
  const row = (text: string, names: readonly string[]) => [
    text,
    ...[...held, heldByNode!].map((passed) => names.some((name) => passed.has(name)) ? "yes" : "—"),
  ];
  const features = Object.entries(FEATURES).map(([feature, text]) =>
    row(text, connectorCases.filter(({ needs }) => needs?.includes(feature)).map(({ name }) => name))
  );
  const abilities = Object.entries(ABILITIES).map(([text, name]) => row(text, [name]));
  const names = results.map(({ runtime }) => runtime.name);
  return table(["over `fetch`", ...names, "`node:http` (Deno, Node, Bun)"], [...features, ...abilities]);
}

/** Names of the cases of a list that hold. */
function passedBy({ steps }: RuntimeResult, list: Column): ReadonlySet<string> {
  const outcomes = steps.find(({ step }) => step.column === list)?.outcomes ?? [];
  return new Set(
    outcomes.filter(({ error, impossible }) => error === undefined && !impossible).map(({ name }) => name),
  );
}

/** Why cases cannot hold, by runtime and list. */
function reasonTable(results: readonly RuntimeResult[]): string {
  const rows = results.flatMap(({ runtime, steps }) => reasonRows(runtime, steps.map(({ step }) => step)));
  return table(["runtime", "list", "reason", "cases"], rows);
}

/** What cannot hold in a runtime: its name, the list, the reason, and how many cases. */
export function reasonRows(runtime: Runtime, steps: readonly Step[]): string[][] {
  return steps.flatMap(({ column, without }) =>
    Array.from(reasons(without ?? {}), ([reason, count]) => [runtime.name, column, reason, String(count)])
  );
}

function reasons(without: Without): Map<string, number> {
  const counts = new Map<string, number>();
  for (const why of Object.values(without)) {
    const reason = typeof why === "string"
      ? why
      : "reason" in why
      ? why.reason
      : `at times: ${why.sometimes}`;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return counts;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, at) => Math.max(3, ...all.map((row) => row[at]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((text, at) => text.padEnd(widths[at]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

/** What stands in the README. */
export function readmeSection(results: readonly RuntimeResult[]): string {
  return `${listTable(results)}

"n cannot": cases that the platform makes impossible, each with its reason in
[tests/runtimes/RESULTS.md](tests/runtimes/RESULTS.md); those that can be tried are, and must fail. "refused": the call
that needs the missing piece rejects with \`NotSupportedError\` naming it, which is tested.

What connectors can carry. What is not there is refused by name rather than changed on the way:

${featureTable(results)}
`;
}

/** The whole of `RESULTS.md`. */
export function resultsFile(results: readonly RuntimeResult[]): string {
  return `# One list on every runtime

Written by \`deno task test:runtimes\`. Node, Bun, workerd, the pages and the guest use the built npm package; Deno uses the
sources.

${readmeSection(results).replace("[tests/runtimes/RESULTS.md](tests/runtimes/RESULTS.md)", "the last table")}
What cannot hold, and why:

${reasonTable(results)}
`;
}

/**
 * Puts a section between the README's markers.
 *
 * @throws {Error} when it has none.
 */
export function withSection(readme: string, section: string): string {
  return readme.replace(sectionOf(readme), () => `\n\n${section}\n`);
}

/** The rows of all tables of a text, cell by cell. */
export function tableRows(markdown: string): string[][] {
  return markdown.split("\n").filter((line) => line.startsWith("|"))
    .map((line) => line.split("|").slice(1, -1).map((text) => text.trim()))
    .filter(([first]) => !/^:?-+:?$/.test(first!));
}

/**
 * The section between the README's markers.
 *
 * @throws {Error} when it has none.
 */
export function sectionOf(readme: string): string {
  const begin = readme.indexOf(BEGIN), end = readme.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`The README has no "${BEGIN}" with "${END}" after it`);
  return readme.slice(begin + BEGIN.length, end);
}
