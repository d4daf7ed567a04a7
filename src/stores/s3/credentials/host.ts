/** The machine's side of credentials, behind one interface: variables, files and programs. */
import { NotSupportedError } from "../../../store/error.ts";

/** Variables of an environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What providers need of the machine. */
export interface CredentialHost {
  /** All variables that may be read. @throws {PermissionDeniedError} where none may. */
  environment(): Environment;
  /** The user's home directory. @throws {PermissionDeniedError} where it cannot be found out. */
  home(): string;
  /** A text file; `undefined` where there is none. @throws {PermissionDeniedError} where it may not be read. */
  readFile(path: string): Promise<string | undefined>;
  /** Replaces a text file, readable to its owner alone. */
  writeFile(path: string, text: string): Promise<void>;
  /** Runs a command line with the system's shell, and resolves to what it printed. */
  run(command: string): Promise<string>;
}

/** This machine; `undefined` where there is none to ask, as in a browser. */
export async function loadHost(): Promise<CredentialHost | undefined> {
  if (!hasHost()) return undefined;
  const { nodeHost } = await import("./host_node.ts");
  return nodeHost();
}

/** As {@linkcode loadHost}. @throws {NotSupportedError} where there is none. */
export async function requireHost(what: string): Promise<CredentialHost> {
  const host = await loadHost();
  if (host !== undefined) return host;
  throw new NotSupportedError(
    `Cannot ${what}: this platform has no environment, files or metadata service; give "accessKeyId" and "secretAccessKey", or "credentials"`,
    { store: "S3" },
  );
}

function hasHost(): boolean {
  // Told by features, in a way that bundles for browsers do not stumble over: Deno, Node and Bun have all of these.
  const { process } = globalThis as {
    process?: { versions?: { node?: string }; getBuiltinModule?: (name: string) => unknown };
  };
  return typeof process?.versions?.node === "string" &&
    (process.getBuiltinModule === undefined || process.getBuiltinModule("node:fs") !== undefined);
}
