/**
 * The few file system calls that the local store needs. The implementation is in `fs_node.ts`; tests wrap it to
 * inject failures. Calls reject with errors that carry the system's code (`ENOENT`) as `code`.
 */

/** What kind of thing a name stands for. */
export type FileKind = "file" | "directory" | "symlink" | "other";

/** What is known of a file. */
export interface FileStat {
  readonly kind: FileKind;
  /** In bytes. */
  readonly size: number;
  /** When it was last written, in microseconds since the epoch; Deno tells whole milliseconds only. */
  readonly mtimeMicros: bigint;
  readonly inode: bigint;
  readonly device: bigint;
}

/** A name in a directory; `kind` is that of the link itself for symbolic links. */
export interface DirectoryEntry {
  readonly name: string;
  readonly kind: FileKind;
}

/** An open file. */
export interface FileHandle {
  /** Reads into `buffer` from `position`; 0 at the end of the file. May read less than asked. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** Writes from `position`; may write less than asked. */
  write(buffer: Uint8Array, position: number): Promise<number>;
  stat(): Promise<FileStat>;
  /** Sets the time of the last write, in milliseconds since the epoch. */
  setModified(millis: number): Promise<void>;
  /** Brings contents and metadata to the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** How a file is opened: an existing one for reading, or a new one, which must not exist, for writing. */
export type OpenMode = "read" | "create";

/** The calls. Names are absolute paths in the system's own form. */
export interface FileSystem {
  /** Whether names follow the rules of Windows. */
  readonly windows: boolean;
  /** Makes a path absolute, against the current directory. */
  resolve(path: string): string;
  /** A `file:` URL as a path in the system's form. */
  fromUrl(url: URL): string;
  /** A path in the system's form as a `file:` URL. */
  toUrl(path: string): URL;
  open(path: string, mode: OpenMode): Promise<FileHandle>;
  /** Opens a directory and brings it to the disk; does nothing where directories cannot be opened. */
  syncDirectory(path: string): Promise<void>;
  /** Of what a link points at. */
  stat(path: string): Promise<FileStat>;
  /** Of the link itself. */
  lstat(path: string): Promise<FileStat>;
  /** The path with all links resolved. */
  realPath(path: string): Promise<string>;
  /** Entries in no particular order, read as they are asked for. */
  readDirectory(path: string): AsyncIterable<DirectoryEntry>;
  /** Makes one directory; its parent must exist. */
  makeDirectory(path: string): Promise<void>;
  /** Removes an empty directory. */
  removeDirectory(path: string): Promise<void>;
  /** Moves within a file system, replacing a file at `to`. */
  rename(from: string, to: string): Promise<void>;
  /** Makes a hard link; fails where `to` exists. */
  link(from: string, to: string): Promise<void>;
  /** Removes a file or a link, never a directory. */
  unlink(path: string): Promise<void>;
  /** Copies contents over `to`, sharing blocks where the file system can. */
  copyFile(from: string, to: string): Promise<void>;
}

/** The system's code of a failure, such as `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (typeof code === "string") return code;
  // Deno refuses what its permissions do not cover with errors that have a name and no code.
  return name === "NotCapable" || name === "PermissionDenied" ? "EACCES" : undefined;
}

/** Whether a name stands for nothing: no such entry, or a file where a directory would have to be. */
export function isMissing(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOENT" || code === "ENOTDIR";
}
