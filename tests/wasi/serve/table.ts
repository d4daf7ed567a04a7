/** Writes `README.md`: which case covers which line of the conformance checklist. Run it after changing cases. */
import { writeFile } from "node:fs/promises";
import { serveCases } from "./cases.ts";

/** The table. */
export function table(): string {
  const byLine = new Map<string, string[]>();
  for (const { name, covers = [] } of serveCases) {
    for (const line of covers) byLine.set(line, [...byLine.get(line) ?? [], name]);
  }
  const rows = [...byLine].toSorted(([a], [b]) => a < b ? -1 : 1).map(([line, names]) =>
    `| ${line} | ${names.map((name) => name.replaceAll("|", "\\|")).join("<br>")} |`
  );
  return [
    "<!-- deno-fmt-ignore-file -->",
    "",
    "# Conformance of serving",
    "",
    "Every case runs the component `tests/guests/serve` (or `settings`) behind real sockets; the tests beside it run the list with guests",
    "inline and in workers, behind `Deno.serve` and `node:http`. Lines beginning with `p2_` and `wasi_http_` are programs",
    "of wasmtime's test suite; numbers are sections of WASI's rules.",
    "",
    "| line of the checklist | cases |",
    "|---|---|",
    ...rows,
    "",
    "Written by `table.ts`.",
    "",
  ].join("\n");
}

if (import.meta.main) await writeFile(new URL("README.md", import.meta.url), table());
