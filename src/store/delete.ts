/** Deleting many objects one by one. */
import { mapOrdered } from "./concurrency.ts";
import { toStoreError } from "./error.ts";
import { parseObjectPath, type Path, type PathInput } from "./path.ts";
import type { DeleteOutcome, OperationOptions } from "./types.ts";

/** Deletions under way at once, for services without bulk deletion. */
export const DELETE_CONCURRENCY = 10;

/** Options of {@linkcode deleteEach}. */
export interface DeleteEachOptions extends OperationOptions {
  /** Short name of the store that errors shall carry. */
  readonly store: string;
  /** Deletions under way at once. Default 10. */
  readonly concurrency?: number;
  /** How an input becomes a path. Default {@linkcode parseObjectPath}. */
  readonly parse?: (input: PathInput, store: string) => Path;
}

/**
 * `deleteAll` made of single deletions, several at once. Outcomes come in the order of the input; a failed one does not
 * end the others, an invalid path is an outcome like any other.
 */
export async function* deleteEach(
  paths: Iterable<PathInput> | AsyncIterable<PathInput>,
  deleteOne: (path: Path) => Promise<void>,
  options: DeleteEachOptions,
): AsyncGenerator<DeleteOutcome, void, undefined> {
  const { store, signal, concurrency = DELETE_CONCURRENCY, parse = parseObjectPath } = options;
  const outcome = async (input: PathInput): Promise<DeleteOutcome> => {
    let path = String(input) as Path;
    try {
      signal?.throwIfAborted();
      path = parse(input, store);
      await deleteOne(path);
      return { path, ok: true };
    } catch (error) {
      return { path, ok: false, error: toStoreError(error, `Cannot delete "${path}"`, { store, path }) };
    }
  };
  for await (const result of mapOrdered(paths, concurrency, outcome)) {
    signal?.throwIfAborted();
    yield result;
  }
}
