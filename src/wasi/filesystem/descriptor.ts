/** `wasi:filesystem/types`: what a descriptor can do, whatever file system is behind it. */
import { Resource } from "../abi/handles.ts";
import { WitError } from "../abi/lower.ts";
import type { Datetime } from "../clocks/datetime.ts";
import type { InputStream, OutputStream } from "../io/streams.ts";

/** `error-code`, in WIT's order. */
export const ERROR_CODES = [
  "access",
  "would-block",
  "already",
  "bad-descriptor",
  "busy",
  "deadlock",
  "quota",
  "exist",
  "file-too-large",
  "illegal-byte-sequence",
  "in-progress",
  "interrupted",
  "invalid",
  "io",
  "is-directory",
  "loop",
  "too-many-links",
  "message-size",
  "name-too-long",
  "no-device",
  "no-entry",
  "no-lock",
  "insufficient-memory",
  "insufficient-space",
  "not-directory",
  "not-empty",
  "not-recoverable",
  "unsupported",
  "no-tty",
  "no-such-device",
  "overflow",
  "not-permitted",
  "pipe",
  "read-only",
  "invalid-seek",
  "text-file-busy",
  "cross-device",
] as const;

/** `error-code` */
export type FilesystemErrorCode = typeof ERROR_CODES[number];

/** An `err` with this code, to throw. */
export function fsError(code: FilesystemErrorCode): WitError {
  return new WitError(code);
}

/** `descriptor-type`, in WIT's order. */
export const DESCRIPTOR_TYPES = [
  "unknown",
  "block-device",
  "character-device",
  "directory",
  "fifo",
  "symbolic-link",
  "regular-file",
  "socket",
] as const;

/** `descriptor-type` */
export type DescriptorType = typeof DESCRIPTOR_TYPES[number];

/** `descriptor-flags` */
export type DescriptorFlags = Readonly<
  Record<
    "read" | "write" | "fileIntegritySync" | "dataIntegritySync" | "requestedWriteSync" | "mutateDirectory",
    boolean
  >
>;
/** `path-flags` */
export type PathFlags = Readonly<Record<"symlinkFollow", boolean>>;
/** `open-flags` */
export type OpenFlags = Readonly<Record<"create" | "directory" | "exclusive" | "truncate", boolean>>;
/** `advice` */
export type Advice = "normal" | "sequential" | "random" | "will-need" | "dont-need" | "no-reuse";

/** `descriptor-stat` */
export interface DescriptorStat {
  /** Type of the object. */
  readonly type: DescriptorType;
  /** Hard links. */
  readonly linkCount: bigint;
  /** Bytes, for files and symbolic links. */
  readonly size: bigint;
  /** Last access. */
  readonly dataAccessTimestamp: Datetime | undefined;
  /** Last change of the content. */
  readonly dataModificationTimestamp: Datetime | undefined;
  /** Last change of the metadata. */
  readonly statusChangeTimestamp: Datetime | undefined;
}

/** `new-timestamp` */
export type NewTimestamp =
  | { readonly tag: "no-change" }
  | { readonly tag: "now" }
  | { readonly tag: "timestamp"; readonly val: Datetime };

/** `directory-entry` */
export interface DirectoryEntry {
  /** Type of the object. */
  readonly type: DescriptorType;
  /** Name within the directory. */
  readonly name: string;
}

/** `metadata-hash-value` */
export interface MetadataHash {
  /** Low half. */
  readonly lower: bigint;
  /** High half. */
  readonly upper: bigint;
}

/** `directory-entry-stream` */
export abstract class DirectoryEntryStream extends Resource {
  /** `read-directory-entry`; `undefined` at the end. */
  abstract next(): DirectoryEntry | undefined;
}

/** `descriptor`. Every method throws {@linkcode fsError} for what WIT calls an error. */
export abstract class Descriptor extends Resource {
  abstract readViaStream(offset: bigint): InputStream;
  abstract writeViaStream(offset: bigint): OutputStream;
  abstract appendViaStream(): OutputStream;
  abstract advise(offset: bigint, length: bigint, advice: Advice): void;
  abstract sync(dataOnly: boolean): void;
  abstract getFlags(): DescriptorFlags;
  abstract getType(): DescriptorType;
  abstract setSize(size: bigint): void;
  abstract setTimes(access: NewTimestamp, modification: NewTimestamp): void;
  abstract read(length: bigint, offset: bigint): readonly [Uint8Array, boolean];
  abstract write(bytes: Uint8Array, offset: bigint): bigint;
  abstract readDirectory(): DirectoryEntryStream;
  abstract createDirectoryAt(path: string): void;
  abstract stat(): DescriptorStat;
  abstract statAt(flags: PathFlags, path: string): DescriptorStat;
  abstract setTimesAt(flags: PathFlags, path: string, access: NewTimestamp, modification: NewTimestamp): void;
  abstract linkAt(flags: PathFlags, oldPath: string, target: Descriptor, newPath: string): void;
  abstract openAt(flags: PathFlags, path: string, openFlags: OpenFlags, wanted: DescriptorFlags): Descriptor;
  abstract readlinkAt(path: string): string;
  abstract removeDirectoryAt(path: string): void;
  abstract renameAt(oldPath: string, target: Descriptor, newPath: string): void;
  abstract symlinkAt(content: string, path: string): void;
  abstract unlinkFileAt(path: string): void;
  abstract isSameObject(other: Descriptor): boolean;
  abstract metadataHash(): MetadataHash;
  abstract metadataHashAt(flags: PathFlags, path: string): MetadataHash;
}
