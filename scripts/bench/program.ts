/** Programs beside the benchmark: processes that answer a line with a line, and end when their input does. */

/** A running program. */
export interface Program extends AsyncDisposable {
  /** The next line it prints; what it writes to stderr is passed on. */
  line(): Promise<string>;
  /** Sends it a line and awaits the line that it answers. */
  ask(line: string): Promise<string>;
}

/** Starts a program. */
export function startProgram(command: string, args: readonly string[]): Program {
  const child = new Deno.Command(command, { args: [...args], stdin: "piped", stdout: "piped" }).spawn();
  const input = child.stdin.getWriter();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const encoder = new TextEncoder();
  let read = "";
  const line = async () => {
    while (!read.includes("\n")) {
      const { value, done } = await output.read();
      if (done) throw new Error(`"${[command, ...args].join(" ")}" ended early`);
      read += value;
    }
    const end = read.indexOf("\n");
    const found = read.slice(0, end);
    read = read.slice(end + 1);
    return found;
  };
  return {
    line,
    async ask(question) {
      await input.write(encoder.encode(`${question}\n`));
      return await line();
    },
    async [Symbol.asyncDispose]() {
      await output.cancel();
      await input.close().catch(() => {});
      await child.status;
    },
  };
}
