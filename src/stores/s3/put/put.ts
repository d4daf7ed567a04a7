/** Puts of a store, whatever is put. Loaded with the first; what is not one plain request is loaded from here. */
import type { ObjectStore } from "../../../store/object_store.ts";
import type { Path } from "../../../store/parse_path.ts";
import { cancelPayload, toPayload } from "../../../store/payload.ts";
import type { PutOptions, PutPayload, PutResult } from "../../../store/types.ts";
import type { S3Client } from "../client.ts";
import type { WriteConditions } from "../endpoint/conditional_writes.ts";
import { STORE } from "../core.ts";
import { MAX_SINGLE, putChunks } from "./whole.ts";

/** What one store has learnt by its puts. */
export interface PutMemory {
  /** Which conditions the service heeds. */
  conditions?: WriteConditions;
}

/** A put. */
export interface ObjectPut {
  /** Whom writers put through. */
  readonly store: Pick<ObjectStore, "put" | "putMultipart">;
  readonly client: S3Client;
  readonly memory: PutMemory;
  readonly path: Path;
  readonly options: PutOptions;
}

/** Puts a payload. Its stream is then read or cancelled. */
export async function putObject(put: ObjectPut, payload: PutPayload): Promise<PutResult> {
  const { client, memory, path, options } = put;
  const content = toPayload(payload, { store: STORE, path }, options.size);
  const { mode = "overwrite", signal, onProgress } = options;
  const { putThreshold = MAX_SINGLE } = client.options;
  try {
    signal?.throwIfAborted();
    if (
      content.kind === "chunks" && mode === "overwrite" &&
      content.length <= Math.min(putThreshold, MAX_SINGLE)
    ) {
      const result = await putChunks(client, path, content.chunks, options);
      onProgress?.({ transferred: content.length, total: content.length });
      return result;
    }
    const { putAny, WriteConditions } = await import("./large.ts");
    const conditions = memory.conditions ??= new WriteConditions(client);
    return await putAny({ ...put, conditions }, content);
  } catch (error) {
    await cancelPayload(content, error);
    throw error;
  }
}
