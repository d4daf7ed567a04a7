/**
 * The table of what each real server lacks, made of `s3.ts`.
 *
 *     deno run -A tests/servers/table.ts    # puts it into README.md
 */
import { fileURLToPath } from "node:url";
import { S3_SERVERS, type Shortfall, UNTESTED } from "./s3.ts";

/** The file that it stands in. */
export const README: string = fileURLToPath(new URL("./README.md", import.meta.url));
const [BEGIN, END] = ["<!-- table: deno run -A tests/servers/table.ts -->", "<!-- end of table -->"];

/** The text with the table in its place. */
export function withTable(text: string): string {
  const [start, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`${README} has no place for the table`);
  return `${text.slice(0, start + BEGIN.length)}\n\n${table()}\n\n${text.slice(end)}`;
}

function table(): string {
  const rows: string[][] = [["server", "lacks", "because"]];
  for (const { name, lacks, why, fails } of S3_SERVERS) {
    for (const feature of lacks) {
      rows.push([name, FEATURES[feature] ?? `\`${feature}\``, why[feature] ?? "it has none"]);
    }
    for (const [what, shortfall] of Object.entries(fails)) rows.push([name, `“${what}”`, reason(shortfall)]);
  }
  for (const [name, why] of Object.entries(UNTESTED)) rows.push([name, "everything: it is not tested", why]);
  return aligned(rows);
}

/** What the suite's words for features mean here. */
const FEATURES: Readonly<Record<string, string>> = {
  "conditional-delete": "`If-Match` on deletions",
  "conditional-copy": "copies only where there is nothing",
  "multipart-mode": "conditions when an upload completes",
  "raw-keys": "keys that are no paths (`a//b`, `a/`)",
};

function reason(shortfall: Shortfall): string {
  return typeof shortfall === "string" ? shortfall : `at times: ${shortfall.sometimes}`;
}

/** As `deno fmt` has tables. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => [...row[column]!].length)));
  const line = (cells: readonly string[], fill = " ") =>
    `| ${cells.map((cell, i) => cell + fill.repeat(widths[i]! - [...cell].length)).join(" | ")} |`;
  const [head, ...body] = rows;
  return [line(head!), line(head!.map(() => ""), "-"), ...body.map((row) => line(row))].join("\n");
}

if (import.meta.main) await Deno.writeTextFile(README, withTable(await Deno.readTextFile(README)));
