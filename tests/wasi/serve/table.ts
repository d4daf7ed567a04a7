/** Writes `README.md`: which case covers which line of the conformance checklist. Run it after changing cases. */
import { writeFile } from "node:fs/promises";
import { serveCases } from "./cases.ts";

/** Lines that have no case here, and why. */
const ELSEWHERE: readonly (readonly [line: string, why: string])[] = [
  [
    "p2_cli_serve_config, p2_cli_serve_keyvalue",
    "`wasi:config` and `wasi:keyvalue` are not among WASI 0.2's interfaces",
  ],
  [
    "p2_cli_serve_outgoing_body_config",
    "wasmtime's knobs for its channel of chunks; the window here is 1 MiB, always",
  ],
  [
    "p2_cli_serve_respect_pooling_options",
    "wasmtime's allocator, and ignored there; too little memory: `limits.memory`",
  ],
];

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
    "Every case runs the component `tests/guests/serve` behind real sockets; the tests beside it run the list with guests",
    "inline and in workers, behind `Deno.serve` and `node:http`. Lines beginning with `p2_` and `wasi_http_` are programs",
    "of wasmtime's test suite; numbers are sections of WASI's rules.",
    "",
    "| line of the checklist | cases |",
    "|---|---|",
    ...rows,
    "",
    "Not here:",
    "",
    "| lines | why |",
    "|---|---|",
    ...ELSEWHERE.map(([line, why]) => `| ${line} | ${why} |`),
    "",
    "Written by `table.ts`.",
    "",
  ].join("\n");
}

if (import.meta.main) await writeFile(new URL("README.md", import.meta.url), table());
