/** What the preview reads. */

/** An object that can be read in parts, all of one version. */
export interface Source {
  readonly size: number;
  /** Bytes `start` to `end`, `end` not included. */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}
