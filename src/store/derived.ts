/** Default implementations for stores without their own, in one file so that they load at once. */
import { GenericError, notSupported } from "./core.ts";
import type { ObjectStore } from "./object_store.ts";
import type { PathInput } from "./parse_path.ts";
import type { DeleteOptions } from "./types.ts";

export { getRangesByGet } from "./coalesce.ts";
export { createWriter } from "./writer.ts";

/**
 * A `deleteAll` of one.
 *
 * @throws {NotSupportedError} for conditions and versions.
 */
export async function deleteOne(
  store: Pick<ObjectStore, "deleteAll">,
  storeName: string,
  path: PathInput,
  options: DeleteOptions,
): Promise<void> {
  const context = { store: storeName, path: String(path) };
  const { version, ifMatch, ...rest } = options;
  if (version !== undefined || ifMatch !== undefined) {
    notSupported(
      `delete "${path}" by ${version === undefined ? "ETag" : "version"}`,
      "this store deletes only unconditionally",
      context,
    );
  }
  for await (const outcome of store.deleteAll([path], rest)) {
    if (!outcome.ok) throw outcome.error;
    return;
  }
  throw new GenericError(`Cannot delete "${path}": the store gave no outcome`, context);
}
