/** What every subcommand gets: the process, the signal that ends it, and the stores that its arguments name. */
import type { Command } from "commander";
import { NodeHttpConnector } from "../http/node.ts";
import {
  decodedPath,
  type OpenedStore,
  openStore,
  type OpenStoreOptions,
  parseStoreUrl,
} from "../open_store.ts";
import { ConfigurationError, InvalidPathError, NotFoundError } from "../store/error.ts";
import type { ObjectStore } from "../store/object_store.ts";
import { type Path, segmentsOf } from "../store/path.ts";
import { clean, explain, UsageError } from "./errors.ts";
import type { OutputFlags } from "./options.ts";
import { RetryNotes } from "./retry_notes.ts";
import type { Runtime } from "./runtime.ts";
import { isUrl } from "./url.ts";

/** Adds a subcommand to the program. A subcommand is one file that exports one of these. */
export type Subcommand = (program: Command, context: Context) => void;

/** A place in a store, named by an argument. */
export interface Location {
  readonly store: ObjectStore;
  readonly path: Path;
  /** As typed, without secrets. */
  readonly shown: string;
  /** Whether it was written with a slash at the end, or is a directory of this machine. */
  readonly directory: boolean;
  /** Whether it is a file of this machine. */
  readonly local: boolean;
}

/** What opening an argument may depend on. */
export interface OpenOptions {
  /** Options of the store, given with `-o`; they do not concern plain file names. */
  readonly options?: Readonly<Record<string, string>>;
  /** Files are written without the attributes that objects of other stores have. */
  readonly dropAttributes?: boolean;
  /** Directories of this machine that a deletion leaves empty are removed. */
  readonly removeEmpty?: boolean;
}

/** See the file's head. */
export class Context {
  readonly runtime: Runtime;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
  readonly #stores = new Map<string, ObjectStore>();
  readonly #connector = new NodeHttpConnector();
  readonly #endInterrupts: () => void;
  readonly #retries = new RetryNotes((line) => void this.note(`storeport: ${line}`).catch(() => {}));
  /** The subcommand that runs, once that is known. */
  command: Command | undefined;

  /** Of one run of the command; `endInterrupts` stops listening for what aborts `signal`. */
  constructor(runtime: Runtime, signal: AbortSignal, endInterrupts: () => void = () => {}) {
    this.runtime = runtime;
    this.signal = signal;
    this.#endInterrupts = endInterrupts;
  }

  /** Lets the system end the process on an interrupt, where it does. */
  leaveInterrupts(): void {
    if (this.runtime.systemInterrupts) this.#endInterrupts();
  }

  /**
   * Opens what an argument names: a URL, or the name of a file. Arguments of one store get one store object.
   *
   * @throws {UsageError} for an argument or an option that makes no sense.
   */
  async open(
    argument: string,
    { options = {}, dropAttributes = false, removeEmpty = false }: OpenOptions = {},
  ): Promise<Location> {
    const plain = !isUrl(argument);
    if (plain) await checkFileName(argument, this.runtime);
    try {
      const url = plain ? this.runtime.fileUrl(argument) : parseStoreUrl(argument);
      const local = url.protocol === "file:";
      const storeOptions: OpenStoreOptions = {
        ...(local && dropAttributes ? { attributes: "ignore" } : {}),
        ...(local && removeEmpty ? { automaticCleanup: true } : {}),
        ...(plain ? {} : options),
      };
      // The command runs where there is node:http, which streams uploads many times faster than Deno's fetch.
      // Credentials and endpoints come from where the clouds' own tools take them, too.
      const opened = await openStore(url, {
        ...(this.#tellsRetries() ? { retry: this.#retries.options } : {}),
        ...storeOptions,
        connector: this.#connector,
        env: true,
      });
      const store = this.#share(url, opened, storeOptions);
      const directory = argument.endsWith("/") || opened.path === "" ||
        (local && await this.runtime.isDirectory(url));
      return { store, path: opened.path, shown: clean(argument), directory, local };
    } catch (error) {
      if (error instanceof ConfigurationError || error instanceof InvalidPathError) {
        throw new UsageError(error.message, { cause: error.cause });
      }
      throw error;
    }
  }

  /**
   * Refuses options for stores where all arguments are plain file names, which have none.
   *
   * @param flag As the user writes it: `-o`.
   * @throws {UsageError}
   */
  requireUrl(
    flag: string,
    options: Readonly<Record<string, string>> | undefined,
    args: readonly string[],
  ): void {
    const [key] = Object.keys(options ?? {});
    if (key === undefined || args.some(isUrl)) return;
    const name = args.find((arg) => arg !== "-") ?? "";
    throw new UsageError(
      `Cannot use ${flag} ${key}=… with "${clean(name)}": options are for stores of URLs, such as ` +
        `"s3://bucket/key", and this is the name of a file; its URL is "${this.runtime.fileUrl(name).href}"`,
    );
  }

  /**
   * Refuses a place of this machine that is not a directory: a misspelt name would pass for an empty one.
   *
   * @throws {UsageError} for a file, and for a name that nothing has.
   * @throws {PermissionDeniedError} where that cannot be told.
   */
  async requireDirectory({ store, path, shown, local, directory }: Location, action: string): Promise<void> {
    if (!local || path === "" || (directory && !shown.endsWith("/"))) return;
    try {
      await store.head(path, { signal: this.signal });
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      if (error.isDirectory) return;
    }
    throw new UsageError(`Cannot ${action} "${shown}": it is not a directory`);
  }

  #share(url: URL, { store, path }: OpenedStore, options: OpenStoreOptions): ObjectStore {
    const segments = segmentsOf(decodedPath(url));
    const root = segments.slice(0, segments.length - segmentsOf(path).length);
    const key = JSON.stringify([url.protocol, url.username, url.password, url.host, root, options]);
    const shared = this.#stores.get(key) ?? store;
    this.#stores.set(key, shared);
    return shared;
  }

  /** Whether a person waits, who may wonder what for. */
  #tellsRetries(): boolean {
    const { json, quiet } = this.command?.opts<OutputFlags>() ?? {};
    return this.runtime.stderr.isTerminal && !json && !quiet;
  }

  /** A line on standard output. */
  async print(line: string): Promise<void> {
    await this.runtime.stdout.write(`${line}\n`);
  }

  /** A record on standard output, as one line of JSON. */
  async printJson(record: Readonly<Record<string, unknown>>): Promise<void> {
    await this.runtime.stdout.write(`${JSON.stringify(record)}\n`);
  }

  /** A line on standard error. */
  async note(line: string): Promise<void> {
    // A progress bar may stand in the line.
    const clear = this.runtime.stderr.isTerminal ? "\r\x1b[K" : "";
    await this.runtime.stderr.write(`${clear}${line}\n`);
  }

  /** An error on standard error. */
  async report(error: unknown): Promise<void> {
    const recursive = this.command?.options.some(({ long }) => long === "--recursive");
    const noOverwrite = this.command?.opts().overwrite === false;
    await this.note(`storeport: ${explain(error, { recursive, noOverwrite })}`);
  }

  /** Lets go of what the stores hold: idle connections, for instance. */
  close(): void {
    for (const store of this.#stores.values()) store.close();
  }
}

/** Whether two places lie in one store. That of this machine's files may have been opened twice, with other options. */
export function inOneStore(one: Location, other: Location): boolean {
  return one.store === other.store || (one.local && other.local && one.store.name === other.store.name);
}

/** A path as `--json` and `stat` tell it: that of a file begins at the root of the file system. */
export function pathIn({ local }: Pick<Location, "local">, path: Path): string {
  return local ? `/${path}` : path;
}

/** What stands for a path below a location, in messages: `below` as its own text continues. */
export function shownBelow(location: Location, path: Path): string {
  if (path === location.path) return location.shown;
  const rest = location.path === "" ? path : path.slice(location.path.length + 1);
  return `${location.shown.replace(/\/+$/, "")}/${clean(rest)}`;
}

/** A host and its port: a bare word only where a path follows, as times are parts of files' names too (`log-12:30`). */
const HOST =
  /^(?:(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+|\[[0-9a-f:]+\]):\d{2,5}(?=\/|$)|[a-z][a-z0-9-]+:\d{2,5}(?=\/))/i;

/** Refuses what stands where a file's name or a URL is expected, and was hardly meant as the name of a file. */
async function checkFileName(argument: string, runtime: Runtime): Promise<void> {
  const failed = `Cannot open "${clean(argument)}"`, otherwise = "for a file of that name put ./ before it";
  if (argument === "") throw new UsageError("An argument is empty: give a URL or the name of a file");
  if (argument === "-") {
    throw new UsageError(
      '"-" is standard input for "put" and standard output for "get"; for a file of that name write "./-"',
    );
  }
  const scheme = /^(?:https?|file|s3a?|memory):/i.exec(argument)?.[0];
  if (scheme !== undefined) {
    throw new UsageError(`${failed}: a URL has two slashes after "${scheme}"; ${otherwise}`);
  }
  if (argument.startsWith("arn:")) {
    throw new UsageError(`${failed}: write "s3://" before an ARN; ${otherwise}`);
  }
  const host = HOST.exec(argument)?.[0];
  if (host !== undefined && !await runtime.isDirectory(runtime.fileUrl(host))) {
    throw new UsageError(`${failed}: write "http://" or "https://" before a host; ${otherwise}`);
  }
}
