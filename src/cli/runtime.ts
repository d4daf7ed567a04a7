/** What the command needs of the process it runs in; tests hand in one of their own. */

/** Standard output or standard error. */
export interface OutputStream {
  /** Whether a person looks at it. */
  readonly isTerminal: boolean;
  /** Characters in a line of the terminal. */
  readonly columns: number;
  /** Resolves when the reader has taken it. Rejects with {@linkcode BrokenPipe} when there is no reader any more. */
  write(data: string | Uint8Array): Promise<void>;
}

/** The process. */
export interface Runtime {
  /** Arguments after the program's own name. */
  readonly args: readonly string[];
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Standard input; opened when asked for. */
  stdin(): ReadableStream<Uint8Array>;
  /** A variable of the environment. */
  environment(name: string): string | undefined;
  /** A path, as typed, as a `file:` URL; relative ones start at the current directory. */
  fileUrl(path: string): URL;
  /** Whether a `file:` URL is that of a directory. */
  isDirectory(url: URL): Promise<boolean>;
  /** Calls `listener` when the user interrupts; the returned function ends that. */
  onInterrupt(listener: () => void): () => void;
  /** Whether the system ends the process on an interrupt that nobody listens for. */
  readonly systemInterrupts?: boolean;
}

/** Whoever read our output has gone, as `head` does when it has enough. */
export class BrokenPipe extends Error {
  override readonly name = "BrokenPipe";
}
