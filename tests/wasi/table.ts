/** Writes `README.md`: which case covers which line of the conformance checklist. Run it after changing cases. */
import { writeFile } from "node:fs/promises";
import { hostCases } from "./cases/mod.ts";

/** Lines of the reference's own test list that this host does not have to pass, and why. */
const ELSEWHERE: readonly (readonly [line: string, why: string])[] = [
  [
    "p2_cli_serve_*, wasi_http_proxy_tests, wasi_http_no_trap_on_early_drop",
    "serving is an issue of its own",
  ],
  ["p1_*, p2_cli_export_cabi_realloc, adapter_badfd", "preview1 is an issue of its own"],
  ["p3_*", "WASI 0.3 is an issue of its own"],
  ["p2_cli_config, p2_cli_keyvalue, tls_sample_application", "not among WASI 0.2's interfaces"],
  ["the rest of p2_tcp_*, p2_udp_*", "sockets are granted on top of Node's, which lack some of their states"],
];

/** The table. */
export function table(): string {
  const byLine = new Map<string, string[]>();
  for (const [area, cases] of Object.entries(hostCases)) {
    for (const { name, covers = [] } of cases) {
      for (const line of covers) byLine.set(line, [...byLine.get(line) ?? [], `${area}: ${name}`]);
    }
  }
  const rows = [...byLine].toSorted(([a], [b]) => a < b ? -1 : 1).map(([line, names]) =>
    `| ${line} | ${names.map((name) => name.replaceAll("|", "\\|")).join("<br>")} |`
  );
  return [
    "<!-- deno-fmt-ignore-file -->",
    "",
    "# Conformance of the WASI host",
    "",
    "Every case runs a real component from `tests/guests/` against real servers and files; `host_test.ts` runs the list",
    "in Deno. Lines beginning with `p2_` and `wasi_http_` are programs of wasmtime's test suite, whose assertions the",
    "guest `checks` repeats; numbers are sections of WASI's rules, `wasmtime#` and the like reports from the field.",
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
    "Loading, caching, instances, permissions and interfaces of preview2-shim have tests of their own beside this file.",
    "Written by `table.ts`.",
    "",
  ].join("\n");
}

if (import.meta.main) await writeFile(new URL("README.md", import.meta.url), table());
