/** Starts the benchmarks' server as a process of its own. */

/** Where it listens, and how to end it. */
export interface OriginProcess extends AsyncDisposable {
  readonly url: string;
}

/** Resolves when the server listens. */
export async function startOrigin(
  script = "origin.ts",
  args: readonly string[] = [],
): Promise<OriginProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", new URL(script, import.meta.url).href, ...args],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  return {
    url: (value ?? "").trim(),
    async [Symbol.asyncDispose]() {
      await reader.cancel();
      await child.stdin.close();
      await child.status;
    },
  };
}
