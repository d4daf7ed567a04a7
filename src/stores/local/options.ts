/** Options of `LocalStore`. */
export interface LocalStoreOptions {
  /**
   * Bring every write to the disk before it counts as done: the file, its directory and directories made for it.
   * Deletions are not waited for. Default false.
   */
  readonly fsync?: boolean;
  /** Remove directories that a deletion or rename leaves empty, up to the root. Default false. */
  readonly automaticCleanup?: boolean;
  /** Make the root where it does not exist. Default false. */
  readonly createRoot?: boolean;
  /**
   * What becomes of attributes that a write carries, which files have no place for: `"refuse"` rejects the write,
   * `"ignore"` drops them, as a copy from another store may want. Default `"refuse"`.
   */
  readonly attributes?: "refuse" | "ignore";
}
