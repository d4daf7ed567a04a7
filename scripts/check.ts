/**
 * `deno task check`: everything that can be said about the code without running its tests. Each step is a command;
 * all are run, and the exit code is 1 if any failed.
 */

interface Step {
  readonly name: string;
  readonly args: readonly string[];
  /** What of its output is shown when nothing failed: all, or the last line. Default: nothing. */
  readonly shown?: "all" | "tail";
}

const config = JSON.parse(await Deno.readTextFile(new URL("../deno.json", import.meta.url))) as {
  exports: Record<string, string>;
};
const entryPoints = Object.values(config.exports);

const steps: readonly Step[] = [
  { name: "format", args: ["fmt", "--check", "--quiet"] },
  { name: "lint", args: ["lint", "--quiet"] },
  { name: "types", args: ["check", "--quiet", "mod.ts", "src/", "tests/", "scripts/"] },
  { name: "doc comments", args: ["doc", "--lint", ...entryPoints] },
  { name: "documented", args: ["run", "-A", "scripts/doc_coverage.ts"], shown: "tail" },
  { name: "runtimes in the README", args: ["run", "-A", "tests/runtimes/check_readme.ts"] },
  { name: "import arrows", args: ["test", "-A", "--quiet", "tests/import_arrows_test.ts"] },
  { name: "publish dry run", args: ["publish", "--dry-run", "--allow-dirty", "--quiet"] },
  { name: "bundle sizes", args: ["run", "-A", "scripts/bundle_size.ts"], shown: "all" },
];

let failed = 0;
for (const step of steps) {
  const started = performance.now();
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...step.args],
    env: { NO_COLOR: "1" },
    cwd: new URL("..", import.meta.url),
  }).output();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${success ? "ok    " : "FAILED"} ${step.name} (${seconds} s)`);
  const text = new TextDecoder();
  if (!success) {
    failed++;
    console.log(text.decode(stdout) + text.decode(stderr));
  } else if (step.shown !== undefined) {
    const said = text.decode(stdout).trimEnd();
    console.log(step.shown === "all" ? said : `       ${said.slice(said.lastIndexOf("\n") + 1)}`);
  }
}
console.log(failed === 0 ? "check passed" : `check failed: ${failed} of ${steps.length} steps`);
Deno.exit(failed === 0 ? 0 : 1);
