/** What stands between a writer's stream and its store. */
import type { ObjectStore } from "./object_store.ts";
import type { Path } from "./path.ts";
import type { PutResult } from "./types.ts";

/** What a writer needs of its store. */
export type WriterTarget = Pick<ObjectStore, "put" | "putMultipart">;

/** The store's short name and the path, for errors. */
export interface WriterContext {
  /** Short name of the store. */
  readonly store: string;
  /** The object's path. */
  readonly path: Path;
}

/** Where a writer's bytes go. All calls come one after the other, except `abort`. */
export interface WriterSink {
  /** Called once, with what fails the stream at once. */
  start(fail: (error: unknown) => void): void;
  write(chunk: Uint8Array): Promise<void>;
  close(): Promise<PutResult>;
  /** Gives up and frees everything; never rejects. */
  abort(reason: unknown): Promise<void>;
  readonly context: WriterContext;
}
