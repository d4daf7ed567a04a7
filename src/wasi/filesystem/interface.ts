/** The interfaces of `wasi:filesystem`. */
import {
  bool,
  borrow,
  bytes,
  enumeration,
  flags,
  list,
  option,
  own,
  record,
  resource,
  result,
  string,
  tuple,
  u64,
  variant,
} from "../abi/types.ts";
import { datetime } from "../clocks/datetime.ts";
import { fn, type HostInterface } from "../host.ts";
import { inputStream, ioError, outputStream } from "../io/interface.ts";
import {
  type Descriptor,
  DESCRIPTOR_TYPES,
  type DescriptorStat,
  type DirectoryEntry,
  type DirectoryEntryStream,
  ERROR_CODES,
  type FilesystemErrorCode,
  type MetadataHash,
  type NewTimestamp,
} from "./descriptor.ts";

const types = "wasi:filesystem/types";
const descriptor = resource<Descriptor>(`${types}#Descriptor`);
const entryStream = resource<DirectoryEntryStream>(`${types}#DirectoryEntryStream`);
const errorCode = enumeration(...ERROR_CODES);
const descriptorType = enumeration(...DESCRIPTOR_TYPES);
const descriptorFlags = flags(
  "read",
  "write",
  "fileIntegritySync",
  "dataIntegritySync",
  "requestedWriteSync",
  "mutateDirectory",
);
const pathFlags = flags("symlinkFollow");
const openFlags = flags("create", "directory", "exclusive", "truncate");
const advice = enumeration("normal", "sequential", "random", "will-need", "dont-need", "no-reuse");
const stat = record<DescriptorStat>({
  type: descriptorType,
  linkCount: u64,
  size: u64,
  dataAccessTimestamp: option(datetime),
  dataModificationTimestamp: option(datetime),
  statusChangeTimestamp: option(datetime),
});
const newTimestamp = variant<NewTimestamp>({
  "no-change": undefined,
  "now": undefined,
  "timestamp": datetime,
});
const entry = record<DirectoryEntry>({ type: descriptorType, name: string });
const hash = record<MetadataHash>({ lower: u64, upper: u64 });

const self = borrow(descriptor);
const done = result(undefined, errorCode);
/** A function without result: what it returns is not looked at. */
const nothing = (_: void) => undefined;

/** All of `wasi:filesystem`. */
export const filesystemInterfaces: readonly HostInterface[] = [
  {
    name: types,
    resources: ["descriptor", "directory-entry-stream"],
    functions: {
      "[method]descriptor.read-via-stream": fn(
        [self, u64],
        result(own(inputStream), errorCode),
        (_, it, offset) => it.readViaStream(offset),
      ),
      "[method]descriptor.write-via-stream": fn(
        [self, u64],
        result(own(outputStream), errorCode),
        (_, it, offset) => it.writeViaStream(offset),
      ),
      "[method]descriptor.append-via-stream": fn(
        [self],
        result(own(outputStream), errorCode),
        (_, it) => it.appendViaStream(),
      ),
      "[method]descriptor.advise": fn(
        [self, u64, u64, advice],
        done,
        (_, it, offset, length, how) => nothing(it.advise(offset, length, how)),
      ),
      "[method]descriptor.sync-data": fn([self], done, (_, it) => nothing(it.sync(true))),
      "[method]descriptor.get-flags": fn(
        [self],
        result(descriptorFlags, errorCode),
        (_, it) => it.getFlags(),
      ),
      "[method]descriptor.get-type": fn([self], result(descriptorType, errorCode), (_, it) => it.getType()),
      "[method]descriptor.set-size": fn([self, u64], done, (_, it, size) => nothing(it.setSize(size))),
      "[method]descriptor.set-times": fn(
        [self, newTimestamp, newTimestamp],
        done,
        (_, it, access, modification) => nothing(it.setTimes(access, modification)),
      ),
      "[method]descriptor.read": fn(
        [self, u64, u64],
        result(tuple(bytes, bool), errorCode),
        (_, it, length, offset) => it.read(length, offset),
      ),
      "[method]descriptor.write": fn(
        [self, bytes, u64],
        result(u64, errorCode),
        (_, it, data, offset) => it.write(data, offset),
      ),
      "[method]descriptor.read-directory": fn(
        [self],
        result(own(entryStream), errorCode),
        (_, it) => it.readDirectory(),
      ),
      "[method]descriptor.sync": fn([self], done, (_, it) => nothing(it.sync(false))),
      "[method]descriptor.create-directory-at": fn(
        [self, string],
        done,
        (_, it, path) => nothing(it.createDirectoryAt(path)),
      ),
      "[method]descriptor.stat": fn([self], result(stat, errorCode), (_, it) => it.stat()),
      "[method]descriptor.stat-at": fn(
        [self, pathFlags, string],
        result(stat, errorCode),
        (_, it, follow, path) => it.statAt(follow, path),
      ),
      "[method]descriptor.set-times-at": fn(
        [self, pathFlags, string, newTimestamp, newTimestamp],
        done,
        (_, it, follow, path, access, modification) =>
          nothing(it.setTimesAt(follow, path, access, modification)),
      ),
      "[method]descriptor.link-at": fn(
        [self, pathFlags, string, self, string],
        done,
        (_, it, follow, oldPath, target, newPath) => nothing(it.linkAt(follow, oldPath, target, newPath)),
      ),
      "[method]descriptor.open-at": fn(
        [self, pathFlags, string, openFlags, descriptorFlags],
        result(own(descriptor), errorCode),
        (_, it, follow, path, how, wanted) => it.openAt(follow, path, how, wanted),
      ),
      "[method]descriptor.readlink-at": fn(
        [self, string],
        result(string, errorCode),
        (_, it, path) => it.readlinkAt(path),
      ),
      "[method]descriptor.remove-directory-at": fn(
        [self, string],
        done,
        (_, it, path) => nothing(it.removeDirectoryAt(path)),
      ),
      "[method]descriptor.rename-at": fn(
        [self, string, self, string],
        done,
        (_, it, oldPath, target, newPath) => nothing(it.renameAt(oldPath, target, newPath)),
      ),
      "[method]descriptor.symlink-at": fn(
        [self, string, string],
        done,
        (_, it, content, path) => nothing(it.symlinkAt(content, path)),
      ),
      "[method]descriptor.unlink-file-at": fn(
        [self, string],
        done,
        (_, it, path) => nothing(it.unlinkFileAt(path)),
      ),
      "[method]descriptor.is-same-object": fn([self, self], bool, (_, it, other) => it.isSameObject(other)),
      "[method]descriptor.metadata-hash": fn([self], result(hash, errorCode), (_, it) => it.metadataHash()),
      "[method]descriptor.metadata-hash-at": fn(
        [self, pathFlags, string],
        result(hash, errorCode),
        (_, it, follow, path) => it.metadataHashAt(follow, path),
      ),
      "[method]directory-entry-stream.read-directory-entry": fn(
        [borrow(entryStream)],
        result(option(entry), errorCode),
        (_, it) => it.next(),
      ),
      "filesystem-error-code": fn(
        [borrow(ioError)],
        option(errorCode),
        (_, error) => error.filesystemCode as FilesystemErrorCode | undefined,
      ),
    },
  },
  {
    name: "wasi:filesystem/preopens",
    functions: {
      "get-directories": fn(
        [],
        list(tuple(own(descriptor), string)),
        ({ capabilities }) => capabilities.directories(),
      ),
    },
  },
];
