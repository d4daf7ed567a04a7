/** Metadata of objects from what the file system tells. */
import type { Path } from "../../store/path.ts";
import type { ObjectMeta } from "../../store/types.ts";
import type { FileStat } from "./fs.ts";

/** The ETag of a file: inode, time of the last write in microseconds and size, each in hexadecimal. */
export function eTagOf(stat: FileStat): string {
  return `"${stat.inode.toString(16)}-${stat.mtimeMicros.toString(16)}-${stat.size.toString(16)}"`;
}

/** The metadata of a file. */
export function metaOf(location: Path, stat: FileStat): ObjectMeta {
  return {
    location,
    lastModified: new Date(Number(stat.mtimeMicros / 1000n)),
    size: stat.size,
    eTag: eTagOf(stat),
  };
}

/** Whether two stats are of one file. */
export function sameFile(a: FileStat, b: FileStat): boolean {
  return a.inode === b.inode && a.device === b.device;
}
