/**
 * Paths of guests, kept inside the directory that was opened for them. There is no `openat` in JavaScript, so each
 * step is looked at: a symbolic link is followed by hand and never out of the root. (A program outside the guest
 * that swaps directories for links at the same moment is not defended against.)
 */
import { lstatSync, readlinkSync } from "node:fs";
import { join, sep } from "node:path";
import { fsError } from "./descriptor.ts";
import { guarded } from "./error_node.ts";

/** As many links as Linux follows. */
const MAX_LINKS = 40;
/** As in Linux. */
const MAX_PATH = 4096;

/** A directory that paths are resolved in: a place below a root. */
export interface Place {
  /** The directory of the host that nothing leads out of; absolute. */
  readonly root: string;
  /** Steps from there. */
  readonly steps: readonly string[];
}

/** A resolved path. */
export interface ResolvedPath extends Place {
  /** The path of the host. */
  readonly host: string;
  /** Whether it must be a directory: it was written with a slash at the end. */
  readonly directory: boolean;
}

/** The host's path of a place. */
export function hostPath({ root, steps }: Place): string {
  return steps.length === 0 ? root : join(root, ...steps);
}

/** Resolves `path` in `base`. The last step is followed, where it is a link, only if `follow`. */
export function resolvePath(base: Place, path: string, follow: boolean): ResolvedPath {
  if (path === "") throw fsError("no-entry");
  if (path.length > MAX_PATH) throw fsError("name-too-long");
  if (path.includes("\0")) throw fsError("illegal-byte-sequence");
  if (path.startsWith("/")) throw fsError("not-permitted");
  // Where the host separates with backslashes, a guest's backslash must not.
  if (sep === "\\" && /[\\:]/.test(path)) throw fsError("invalid");
  const directory = path.endsWith("/") || /(^|\/)\.\.?$/.test(path);
  const walked = [...base.steps];
  // The guest was given this directory, not its parents.
  const floor = base.steps.length;
  let pending = path.split("/").filter((step) => step !== "" && step !== ".");
  let links = 0;
  while (pending.length > 0) {
    const step = pending.shift()!;
    if (step === "..") {
      if (walked.length <= floor) throw fsError("not-permitted");
      walked.pop();
      continue;
    }
    const last = pending.length === 0;
    walked.push(step);
    if (last && !follow && !directory) break;
    const at = join(base.root, ...walked);
    const target = readLink(at, last);
    if (target === undefined) continue;
    if (++links > MAX_LINKS) throw fsError("loop");
    if (target.startsWith("/") || sep === "\\" && /[\\:]/.test(target)) throw fsError("not-permitted");
    walked.pop();
    pending = [...target.split("/").filter((part) => part !== "" && part !== "."), ...pending];
  }
  return { root: base.root, steps: walked, host: hostPath({ root: base.root, steps: walked }), directory };
}

/** The content of the link at `at`; `undefined` where it is none (or, as the last step, nothing). */
function readLink(at: string, last: boolean): string | undefined {
  return guarded(() => {
    const stat = lstatSync(at, { throwIfNoEntry: false });
    if (stat === undefined) {
      if (last) return undefined; // to be created, perhaps
      throw fsError("no-entry");
    }
    if (stat.isSymbolicLink()) return readlinkSync(at);
    if (!last && !stat.isDirectory()) throw fsError("not-directory");
    return undefined;
  });
}
