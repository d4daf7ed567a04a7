/** GET and HEAD of an object. */
import { validateRange } from "../../store/range.ts";
import type { GetOptions, GetResult } from "../../store/types.ts";
import type { Connection } from "./connection.ts";
import { getHead, readObject } from "./get_answer.ts";
import { type GetDialect, GetOperation, type GetTarget } from "./get_operation.ts";

/**
 * Gets an object, or with `options.head` its metadata.
 *
 * Where the response does not say how long the object is (chunked, or decoded by the platform), up to 16 MiB are read
 * to find out. Of a larger decoded object `meta.size` and `range` are those of the stored form, while `body` delivers
 * the decoded one; a larger one that is chunked is refused. What a platform decodes cannot be resumed.
 *
 * @throws {InvalidRangeError} before any request for a range that is empty or reversed.
 */
export async function getObject(
  connection: Connection,
  dialect: GetDialect,
  target: GetTarget,
  options: GetOptions,
): Promise<GetResult> {
  const operation = new GetOperation(connection, dialect, target, options);
  const { range, head } = options;
  if (range !== undefined) validateRange(range, operation.failure);
  // Servers answer `bytes=-0` with 416, though the last 0 bytes of an object are its last 0 bytes.
  const headOnly = head || range !== undefined && "suffix" in range && range.suffix === 0;
  return headOnly ? await getHead(operation) : readObject(operation, await operation.send("GET", range));
}
