/** Real servers for tests: a child process on a free port of 127.0.0.1, in a directory of its own. */
import { fileURLToPath } from "node:url";

/** A server that runs until it is stopped. */
export interface RunningServer extends AsyncDisposable {
  /** Base URL, with a slash at its end. */
  readonly url: string;
  /** The directory it serves. */
  readonly root: string;
}

/** What to run. */
export interface ServerSpec {
  /** Name of the program, looked up in the system's folders. */
  readonly program: string;
  /** Further files that must be there. */
  readonly needs?: readonly string[];
  /** How long it may take to answer, in seconds. Default 4. */
  readonly patience?: number;
  /** Variables of its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Writes the configuration into `home` and returns the arguments. */
  configure(home: string, root: string, port: number): Promise<string[]>;
}

// Where `scripts/install_servers.sh` puts what the system's packages do not have.
const INSTALLED = fileURLToPath(new URL("../../.cache/servers/bin", import.meta.url));
const FOLDERS = [
  INSTALLED,
  "/usr/sbin",
  "/usr/bin",
  "/usr/local/sbin",
  "/usr/local/bin",
  "/opt/homebrew/bin",
];

async function findFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    try {
      if ((await Deno.stat(path)).isFile) return path;
    } catch {
      // Looked for elsewhere.
    }
  }
  return undefined;
}

/** Starts a server; `undefined` where it is not installed. */
export async function startServer(spec: ServerSpec): Promise<RunningServer | undefined> {
  const program = await findFile(FOLDERS.map((folder) => `${folder}/${spec.program}`));
  if (program === undefined) return undefined;
  for (const file of spec.needs ?? []) if (await findFile([file]) === undefined) return undefined;
  const home = await Deno.makeTempDir({ prefix: "storeport-server-" });
  const root = `${home}/root`;
  await Deno.mkdir(root);
  // A port that was free a moment ago may be taken by another test that runs at the same time.
  for (let attempt = 0; attempt < 5; attempt++) {
    const port = freePort();
    const args = await spec.configure(home, root, port);
    const child = new Deno.Command(program, {
      args,
      env: spec.env,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const stderr = readAll(child.stderr);
    if (await answers(port, child.status, spec.patience)) {
      return {
        url: `http://127.0.0.1:${port}/`,
        root,
        async [Symbol.asyncDispose]() {
          child.kill("SIGTERM");
          await child.status;
          await stderr;
          await Deno.remove(home, { recursive: true });
        },
      };
    }
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended of its own accord.
    }
    await child.status;
    const said = await stderr;
    if (attempt === 4) throw new Error(`Cannot start ${spec.program}: ${said}`);
  }
  throw new Error("unreachable");
}

/** A port of 127.0.0.1 that was free a moment ago. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

async function answers(port: number, status: Promise<unknown>, patience = 4): Promise<boolean> {
  let ended = false;
  status.then(() => ended = true);
  for (let wait = 0; wait < patience * 50 && !ended; wait++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      await new Promise((resolve) => setTimeout(resolve, 20));
      // Somebody else's server may have answered, while ours failed to take the port.
      if (!ended) return true;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return false;
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (
    const chunk of stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
  ) {
    text += chunk;
  }
  return text;
}
