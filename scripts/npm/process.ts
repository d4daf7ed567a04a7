/** Running commands. */

/**
 * Runs a command and returns its standard output.
 *
 * @throws {Error} with everything it said when it does not end with 0.
 */
export async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { success, code, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  const out = decoder.decode(stdout);
  if (success) return out;
  throw new Error(`"${command} ${args.join(" ")}" ended with ${code}:\n${out}${decoder.decode(stderr)}`);
}
