import { spawn } from "node:child_process";

/** How to run a command. */
export interface RunOptions {
  /** The directory to run it in. */
  cwd?: string;
  /** Variables to add to this process's environment. */
  env?: Record<string, string>;
  /** Let the command write to this process's stdout and stderr as it goes. */
  inherit?: boolean;
}

/** What a command left behind. */
export interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command to its end; a command that cannot be started has exit code 127. */
export function run(command: string, args: string[], options: RunOptions = {}): Promise<Output> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", options.inherit ? "inherit" : "pipe", options.inherit ? "inherit" : "pipe"],
    });
    let stdout = "", stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => stdout += text);
    child.stderr?.setEncoding("utf8").on("data", (text: string) => stderr += text);
    child.on("error", (error) => resolve({ code: 127, stdout, stderr: error.message }));
    child.on("close", (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}

/** Runs a command and throws with its output unless it ends with 0. */
export async function must(command: string, args: string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, options);
  if (code === 0) return stdout;
  throw new Error(`"${command} ${args.join(" ")}" ended with ${code}\n${stdout}${stderr}`);
}

/** Whether a command can be run on this machine. */
export async function installed(command: string, args: string[] = ["--version"]): Promise<boolean> {
  return (await run(command, args)).code === 0;
}
