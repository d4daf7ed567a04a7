/** Code that is loaded when it is first needed. */
import { type ObjectStoreErrorOptions, toStoreError } from "../../store/error.ts";

/**
 * What is being loaded. A page whose own server is gone can load nothing: that is an error of the store too, and of
 * this operation alone, since the next one asks for it again.
 *
 * @param action What fails then, as it stands after "Cannot".
 * @param payload What was to be put: a stream that nobody will read is cancelled then.
 */
export async function late<T>(
  loading: Promise<T>,
  action: string,
  context: ObjectStoreErrorOptions,
  payload?: unknown,
): Promise<T> {
  try {
    return await loading;
  } catch (error) {
    if (payload instanceof ReadableStream) await payload.cancel(error).catch(() => {});
    const of = context.path === undefined ? "" : ` "${context.path}"`;
    throw toStoreError(error, `Cannot ${action}${of}`, context);
  }
}
