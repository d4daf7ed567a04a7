/** Descriptors over `node:fs`. Calls are synchronous: those of a local disk take microseconds. */
import * as fs from "node:fs";
import { toDatetime } from "../clocks/datetime.ts";
import { type InputStream, MAX_CHUNK, type OutputStream } from "../io/streams.ts";
import {
  type Advice,
  Descriptor,
  type DescriptorFlags,
  type DescriptorStat,
  type DescriptorType,
  type DirectoryEntry,
  DirectoryEntryStream,
  fsError,
  type MetadataHash,
  type NewTimestamp,
  type OpenFlags,
  type PathFlags,
} from "./descriptor.ts";
import { guarded } from "./error_node.ts";
import { OpenFile } from "./open_file_node.ts";
import { hostPath, type Place, resolvePath } from "./path_node.ts";
import { FileInputStream, FileOutputStream, UnreadableStream } from "./streams_node.ts";

const NO_FLAGS: DescriptorFlags = {
  read: false,
  write: false,
  fileIntegritySync: false,
  dataIntegritySync: false,
  requestedWriteSync: false,
  mutateDirectory: false,
};

/** A file or directory of the host, below a preopened directory. */
export class NodeDescriptor extends Descriptor {
  readonly #place: Place;
  readonly #readOnly: boolean;
  readonly #flags: DescriptorFlags;
  /** The open file; none for a directory, which is a place. */
  readonly #file: OpenFile | undefined;

  private constructor(place: Place, readOnly: boolean, flags: DescriptorFlags, file: OpenFile | undefined) {
    super();
    this.#place = place;
    this.#readOnly = readOnly;
    this.#flags = flags;
    this.#file = file;
  }

  /** A directory. `readOnly` refuses changes in it and below. */
  static directory(place: Place, readOnly: boolean, mutate: boolean): NodeDescriptor {
    return new NodeDescriptor(
      place,
      readOnly,
      { ...NO_FLAGS, read: true, mutateDirectory: mutate },
      undefined,
    );
  }

  override drop(): void {
    this.#file?.release();
  }

  readViaStream(offset: bigint): InputStream {
    // A directory fails at the first read, as `read` of POSIX does.
    if (this.#file === undefined) return new UnreadableStream("is-directory");
    return new FileInputStream(this.#readable(), offset);
  }

  writeViaStream(offset: bigint): OutputStream {
    return new FileOutputStream(this.#writable(), offset);
  }

  appendViaStream(): OutputStream {
    return new FileOutputStream(this.#writable(), undefined);
  }

  advise(_offset: bigint, _length: bigint, _advice: Advice): void {
    if (this.#file === undefined) throw fsError("bad-descriptor");
    // Advice may be ignored, and `node:fs` has no way to pass it on.
  }

  sync(dataOnly: boolean): void {
    const file = this.#file;
    if (file === undefined) return; // directories have nothing of ours to flush
    guarded(() => dataOnly ? fs.fdatasyncSync(file.fd) : fs.fsyncSync(file.fd));
  }

  getFlags(): DescriptorFlags {
    return this.#flags;
  }

  getType(): DescriptorType {
    return this.stat().type;
  }

  setSize(size: bigint): void {
    const file = this.#writable();
    if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw fsError("file-too-large");
    guarded(() => fs.ftruncateSync(file.fd, Number(size)));
  }

  setTimes(access: NewTimestamp, modification: NewTimestamp): void {
    this.#refuseReadOnly();
    const file = this.#file;
    guarded(() => {
      const now = this.#stat();
      const times = [seconds(access, now.atimeNs), seconds(modification, now.mtimeNs)] as const;
      if (file === undefined) fs.utimesSync(hostPath(this.#place), ...times);
      else fs.futimesSync(file.fd, ...times);
    });
  }

  read(length: bigint, offset: bigint): readonly [Uint8Array, boolean] {
    const file = this.#readable();
    const wanted = Number(length < BigInt(MAX_CHUNK) ? length : BigInt(MAX_CHUNK));
    return guarded(() => {
      const buffer = new Uint8Array(wanted);
      const size = fs.readSync(file.fd, buffer, 0, wanted, Number(offset));
      return [buffer.subarray(0, size), size === 0 && wanted > 0] as const;
    });
  }

  write(bytes: Uint8Array, offset: bigint): bigint {
    const file = this.#writable();
    return guarded(() => BigInt(fs.writeSync(file.fd, bytes, 0, bytes.length, Number(offset))));
  }

  readDirectory(): DirectoryEntryStream {
    if (this.#file !== undefined) throw fsError("not-directory");
    return new NodeDirectoryStream(
      guarded(() => fs.readdirSync(hostPath(this.#place), { withFileTypes: true })),
    );
  }

  createDirectoryAt(path: string): void {
    this.#refuseReadOnly();
    const { host } = this.#resolve(path, false);
    guarded(() => fs.mkdirSync(host));
  }

  stat(): DescriptorStat {
    return guarded(() => toStat(this.#stat()));
  }

  statAt(flags: PathFlags, path: string): DescriptorStat {
    return guarded(() => toStat(this.#statAt(path, flags.symlinkFollow)));
  }

  setTimesAt(flags: PathFlags, path: string, access: NewTimestamp, modification: NewTimestamp): void {
    this.#refuseReadOnly();
    const { host } = this.#resolve(path, flags.symlinkFollow);
    guarded(() => {
      const now = this.#statAt(path, flags.symlinkFollow);
      fs.lutimesSync(host, seconds(access, now.atimeNs), seconds(modification, now.mtimeNs));
    });
  }

  linkAt(flags: PathFlags, oldPath: string, target: Descriptor, newPath: string): void {
    // The WIT leaves following to the implementation; wasmtime refuses it.
    if (flags.symlinkFollow) throw fsError("invalid");
    const other = this.#other(target);
    const from = this.#resolve(oldPath, false);
    const to = other.#resolve(newPath, false);
    if (to.directory) throw fsError("no-entry");
    guarded(() => fs.linkSync(from.host, to.host));
  }

  openAt(flags: PathFlags, path: string, how: OpenFlags, wanted: DescriptorFlags): Descriptor {
    const changes = how.create || how.truncate || wanted.write || wanted.mutateDirectory;
    if (this.#readOnly && changes) throw fsError("not-permitted");
    if (wanted.requestedWriteSync || wanted.fileIntegritySync || wanted.dataIntegritySync) {
      throw fsError("unsupported");
    }
    const resolved = this.#resolve(path, flags.symlinkFollow && !(how.create && how.exclusive));
    const { host } = resolved;
    return guarded(() => {
      const stat = fs.lstatSync(host, { throwIfNoEntry: false });
      if (stat?.isDirectory()) {
        if (how.create && how.exclusive) throw fsError("exist");
        if (how.truncate || wanted.write) throw fsError("is-directory");
        return NodeDescriptor.directory(resolved, this.#readOnly, !this.#readOnly);
      }
      if (stat?.isSymbolicLink()) throw fsError(how.create && how.exclusive ? "exist" : "loop");
      if (how.directory || resolved.directory) {
        throw fsError(stat === undefined ? "no-entry" : "not-directory");
      }
      // Opening a pipe would wait for its other end, and the whole process with it.
      if (stat?.isFIFO() || stat?.isSocket()) throw fsError("unsupported");
      const fd = fs.openSync(host, openMode(how, wanted), 0o666);
      return new NodeDescriptor(resolved, this.#readOnly, {
        ...NO_FLAGS,
        read: wanted.read,
        write: wanted.write,
      }, new OpenFile(fd));
    });
  }

  readlinkAt(path: string): string {
    const { host } = this.#resolve(path, false);
    const target = guarded(() => fs.readlinkSync(host));
    if (target.startsWith("/")) throw fsError("not-permitted"); // would tell a path of the host
    return target;
  }

  removeDirectoryAt(path: string): void {
    this.#refuseReadOnly();
    const { host, steps } = this.#resolve(path, false);
    if (steps.length === this.#place.steps.length) throw fsError("invalid");
    guarded(() => fs.rmdirSync(host));
  }

  renameAt(oldPath: string, target: Descriptor, newPath: string): void {
    const other = this.#other(target);
    const from = this.#resolve(oldPath, false);
    const to = other.#resolve(newPath, false);
    guarded(() => {
      if ((from.directory || to.directory) && !fs.lstatSync(from.host).isDirectory()) {
        throw fsError("not-directory");
      }
      fs.renameSync(from.host, to.host);
    });
  }

  symlinkAt(content: string, path: string): void {
    this.#refuseReadOnly();
    // What the guest could not reach itself, a link of its making must not lead others to.
    if (content.startsWith("/")) throw fsError("not-permitted");
    const { host, directory } = this.#resolve(path, false);
    if (directory) throw fsError("no-entry");
    guarded(() => fs.symlinkSync(content, host));
  }

  unlinkFileAt(path: string): void {
    this.#refuseReadOnly();
    const { host, directory } = this.#resolve(path, false);
    guarded(() => {
      if (fs.lstatSync(host).isDirectory()) throw fsError("is-directory");
      if (directory) throw fsError("not-directory");
      fs.unlinkSync(host);
    });
  }

  isSameObject(other: Descriptor): boolean {
    if (!(other instanceof NodeDescriptor)) return false;
    const [a, b] = [this.metadataHash(), other.metadataHash()];
    return a.lower === b.lower && a.upper === b.upper;
  }

  metadataHash(): MetadataHash {
    return guarded(() => toHash(this.#stat()));
  }

  metadataHashAt(flags: PathFlags, path: string): MetadataHash {
    return guarded(() => toHash(this.#statAt(path, flags.symlinkFollow)));
  }

  #resolve(path: string, follow: boolean) {
    if (this.#file !== undefined) throw fsError("not-directory");
    return resolvePath(this.#place, path, follow);
  }

  #stat(): fs.BigIntStats {
    const file = this.#file;
    return file === undefined
      ? fs.statSync(hostPath(this.#place), { bigint: true })
      : fs.fstatSync(file.fd, { bigint: true });
  }

  #statAt(path: string, follow: boolean): fs.BigIntStats {
    const { host, directory } = this.#resolve(path, follow);
    const stat = fs.lstatSync(host, { bigint: true });
    if (directory && !stat.isDirectory()) throw fsError("not-directory");
    return stat;
  }

  #readable(): OpenFile {
    const file = this.#file;
    if (file === undefined) throw fsError("is-directory");
    if (!this.#flags.read) throw fsError("not-permitted");
    return file;
  }

  #writable(): OpenFile {
    const file = this.#file;
    if (file === undefined) throw fsError("is-directory");
    if (!this.#flags.write) throw fsError("not-permitted");
    return file;
  }

  #refuseReadOnly(): void {
    if (this.#readOnly) throw fsError("not-permitted");
  }

  /** The other end of a link or rename: neither end may be read-only. */
  #other(target: Descriptor): NodeDescriptor {
    if (!(target instanceof NodeDescriptor)) throw fsError("cross-device");
    this.#refuseReadOnly();
    target.#refuseReadOnly();
    return target;
  }
}

class NodeDirectoryStream extends DirectoryEntryStream {
  readonly #entries: readonly fs.Dirent[];
  #at = 0;

  constructor(entries: readonly fs.Dirent[]) {
    super();
    this.#entries = entries;
  }

  next(): DirectoryEntry | undefined {
    const entry = this.#entries[this.#at++];
    return entry === undefined ? undefined : { type: typeOf(entry), name: entry.name };
  }
}

function openMode(how: OpenFlags, wanted: DescriptorFlags): number {
  const { constants } = fs;
  let mode = wanted.write ? (wanted.read ? constants.O_RDWR : constants.O_WRONLY) : constants.O_RDONLY;
  if (how.create) mode |= constants.O_CREAT;
  if (how.exclusive) mode |= constants.O_EXCL;
  if (how.truncate) mode |= constants.O_TRUNC;
  // The path was followed by hand; a link that appears now is not.
  return mode | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
}

function typeOf(stat: fs.BigIntStats | fs.Dirent): DescriptorType {
  if (stat.isFile()) return "regular-file";
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return "symbolic-link";
  if (stat.isFIFO()) return "fifo";
  if (stat.isSocket()) return "socket";
  if (stat.isCharacterDevice()) return "character-device";
  if (stat.isBlockDevice()) return "block-device";
  return "unknown";
}

function toStat(stat: fs.BigIntStats): DescriptorStat {
  return {
    type: typeOf(stat),
    linkCount: stat.nlink,
    size: stat.size,
    dataAccessTimestamp: toDatetime(stat.atimeNs),
    dataModificationTimestamp: toDatetime(stat.mtimeNs),
    statusChangeTimestamp: toDatetime(stat.ctimeNs),
  };
}

/** The same object has the same hash while it is not changed. */
function toHash(stat: fs.BigIntStats): MetadataHash {
  return {
    lower: BigInt.asUintN(64, stat.ino ^ (stat.mtimeNs << 20n)),
    upper: BigInt.asUintN(64, (stat.dev << 32n) ^ stat.size ^ stat.ctimeNs),
  };
}

/** A timestamp as `node:fs` takes it: seconds. */
function seconds(timestamp: NewTimestamp, current: bigint): number {
  switch (timestamp.tag) {
    case "no-change":
      return Number(current) / 1e9;
    case "now":
      return Date.now() / 1e3;
    case "timestamp":
      return Number(timestamp.val.seconds) + timestamp.val.nanoseconds / 1e9;
  }
}
