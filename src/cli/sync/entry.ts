/** What a sync knows about an object. */
import type { Path } from "../../store/path.ts";

/** One object of one side. */
export interface Entry {
  /** Below the root of its side. */
  readonly path: Path;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  readonly eTag?: string;
}
