/** Deleting: one object, and a thousand by one request. */
import { retryHistory } from "../../../http/retry/error.ts";
import type { RetryHistory } from "../../../http/retry/history.ts";
import type { RetryState } from "../../../http/retry/state.ts";
import type { HeaderEntry } from "../../../http/headers.ts";
import { mapOrdered } from "../../../store/concurrency.ts";
import { deleteEach } from "../../../store/delete.ts";
import {
  GenericError,
  notSupported,
  NotSupportedError,
  ObjectStoreError,
  toStoreError,
} from "../../../store/error.ts";
import { withErrorPath } from "../../../store/error_path.ts";
import type { Path, PathInput } from "../../../store/path.ts";
import type { DeleteOptions, DeleteOutcome, OperationOptions } from "../../../store/types.ts";
import { responseError } from "../../common/error.ts";
import { retriesOf } from "../../common/retries.ts";
import { checksumOf } from "../checksum/checksum.ts";
import { contentMd5 } from "../checksum/content_md5.ts";
import type { S3Client } from "../client.ts";
import { sendDocument } from "../send_document.ts";
import { connectionOf, readS3Error, send, STORE } from "../core.ts";
import { isConflict, isTransientCode, kindOfCode } from "../errors/service_error.ts";
import { batches } from "./batches.ts";

/** Most keys of a request, and requests at once. */
const BATCH = 1000;
const BATCHES_AT_ONCE = 20;
const SINGLES_AT_ONCE = 20;

/** Deletes an object, or one of its versions. What is not there is deleted already. */
export async function deleteObject(client: S3Client, path: Path, options: DeleteOptions): Promise<void> {
  const { version, ifMatch } = options;
  const headers: HeaderEntry[] = [];
  if (ifMatch !== undefined) {
    if (!client.provider.conditionalDelete) {
      notSupported(
        `delete "${path}" only if it has an ETag`,
        "this service is not known to heed the condition",
        {
          store: STORE,
          path,
        },
      );
    }
    headers.push(["if-match", ifMatch]);
  }
  for (let retries: RetryState | undefined;;) {
    const response = await send(client, {
      method: "DELETE",
      action: "delete",
      path,
      query: version === undefined ? undefined : [["versionId", version]],
      headers,
      accept: [404, 409],
      options,
      retries,
    });
    if (response.status < 300) return await response.cancel();
    const error = await responseError(response, {
      store: STORE,
      action: "delete",
      path,
      readError: readS3Error,
    });
    if (isConflict(error)) {
      retries ??= retriesOf(connectionOf(client));
      if (retries !== undefined && await retries.next({ response }, options.signal)) continue;
    }
    // Some services find nothing to delete. The first sending, of which nothing was heard, may have deleted it.
    const gone = response.status === 404 && (error.code === "NoSuchKey" || error.code === undefined);
    if (gone && (ifMatch === undefined || wasLost(retryHistory(response)))) return;
    throw error;
  }
}

/** Whether an earlier sending may have been heeded, though nothing was heard of it: refusals are no such thing. */
function wasLost(history: RetryHistory | undefined): boolean {
  return history !== undefined && history.failures.some(({ status }) => status !== 409);
}

/** What a store remembers of its service's bulk deletions. */
export interface DeleteMemory {
  /** The service has said that it has none. */
  single?: boolean;
}

/** Deletes many. Outcomes come in the order of the paths. */
export async function* deleteMany(
  client: S3Client,
  paths: Iterable<PathInput> | AsyncIterable<PathInput>,
  memory: DeleteMemory,
  parse: (input: PathInput) => Path,
  options: OperationOptions,
): AsyncGenerator<DeleteOutcome, void, undefined> {
  if (client.options.disableBulkDelete || !client.provider.bulkDelete || memory.single) {
    yield* deleteEach(paths, (path) => deleteObject(client, path, options), {
      ...options,
      store: STORE,
      parse,
      concurrency: SINGLES_AT_ONCE,
    });
    return;
  }
  const { signal } = options;
  const run = (batch: readonly PathInput[]) => deleteBatch(client, batch, memory, parse, options);
  for await (const outcomes of mapOrdered(batches(paths, BATCH), BATCHES_AT_ONCE, run)) {
    for (const outcome of outcomes) {
      signal?.throwIfAborted();
      yield outcome;
    }
  }
}

/** Never rejects, but for the signal. */
async function deleteBatch(
  client: S3Client,
  inputs: readonly PathInput[],
  memory: DeleteMemory,
  parse: (input: PathInput) => Path,
  options: OperationOptions,
): Promise<DeleteOutcome[]> {
  const failed = new Map<Path, ObjectStoreError>();
  const paths: Path[] = [];
  const bulk = new Set<Path>();
  const single = new Set<Path>();
  const outcomes: (DeleteOutcome | undefined)[] = inputs.map((input) => {
    try {
      const path = parse(input);
      paths.push(path);
      (inXml(path) ? bulk : single).add(path);
      return undefined;
    } catch (error) {
      const path = String(input) as Path;
      paths.push(path);
      return {
        path,
        ok: false,
        error: toStoreError(error, `Cannot delete "${path}"`, { store: STORE, path }),
      };
    }
  });
  const rest = memory.single ? bulk : await deleteKeys(client, bulk, failed, memory, options);
  for (const path of rest) single.add(path);
  for await (
    const outcome of deleteEach(single, (path) => deleteObject(client, path, options), {
      ...options,
      signal: undefined,
      store: STORE,
      parse: (input) => String(input) as Path,
      concurrency: SINGLES_AT_ONCE,
    })
  ) {
    if (!outcome.ok) failed.set(outcome.path, outcome.error);
  }
  return outcomes.map((outcome, i) => {
    if (outcome !== undefined) return outcome;
    const path = paths[i]!;
    const error = failed.get(path);
    return error === undefined ? { path, ok: true } : { path, ok: false, error };
  });
}

/** Whether XML 1.0 has a way to write the key: it has none for control characters. */
function inXml(key: string): boolean {
  // deno-lint-ignore no-control-regex -- they are what is looked for
  return !/[\x00-\x1f\ufffe\uffff]/.test(key);
}

/** Deletes keys by one request; what is throttled is tried again. Returns the keys that must be deleted one by one. */
async function deleteKeys(
  client: S3Client,
  keys: ReadonlySet<Path>,
  failed: Map<Path, ObjectStoreError>,
  memory: DeleteMemory,
  options: OperationOptions,
): Promise<Iterable<Path>> {
  let left: readonly Path[] = [...keys];
  const retries = retriesOf(connectionOf(client));
  try {
    while (left.length > 0) {
      const errors = await deleteRequest(client, left, retries, options);
      requireKnown(errors, keys);
      const again = left.filter((path) => isTransientCode(errors.get(path)?.code));
      const more = again.length > 0 && retries !== undefined &&
        await retries.next({ error: errors.get(again[0]!) }, options.signal);
      for (const [path, error] of errors) if (!more || !isTransientCode(error.code)) failed.set(path, error);
      if (!more) break;
      left = again;
    }
    return [];
  } catch (error) {
    if (isMissing(error)) {
      memory.single = true;
      return left;
    }
    const shown = toStoreError(options.signal?.aborted ? options.signal.reason : error, "Cannot delete", {
      store: STORE,
    });
    for (const path of left) failed.set(path, withErrorPath(shown, path));
    return [];
  }
}

/**
 * @throws {GenericError} for a refusal of a key that nobody named: it is one of ours in another spelling, and which
 * cannot be told.
 */
function requireKnown(errors: ReadonlyMap<Path, ObjectStoreError>, keys: ReadonlySet<Path>): void {
  for (const [path, { code }] of errors) {
    if (keys.has(path)) continue;
    throw new GenericError(
      `Cannot delete: the service refuses ${
        JSON.stringify(path)
      } with ${code}, which it was not asked to delete`,
      { store: STORE, code },
    );
  }
}

/** Whether the service has said that it knows no bulk deletion. */
function isMissing(error: unknown): boolean {
  return error instanceof NotSupportedError || error instanceof ObjectStoreError && error.status === 405;
}

async function deleteRequest(
  client: S3Client,
  keys: readonly Path[],
  retries: RetryState | undefined,
  options: OperationOptions,
): Promise<Map<Path, ObjectStoreError>> {
  const { escapeXml, xmlChildren, xmlText } = await import("../../common/xml.ts");
  const items = keys.map((key) => `<Object><Key>${escapeXml(key)}</Key></Object>`);
  const body = new TextEncoder().encode(
    `<?xml version="1.0" encoding="UTF-8"?><Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${
      items.join("")
    }<Quiet>true</Quiet></Delete>`,
  );
  const headers: HeaderEntry[] = [["content-type", "application/xml"]];
  const { deleteIntegrity } = client.provider;
  if (deleteIntegrity !== "sha256") headers.push(["content-md5", contentMd5(body)]);
  if (deleteIntegrity !== "md5") headers.push(["x-amz-checksum-sha256", checksumOf("sha256", [body])]);
  const { root } = await sendDocument(
    client,
    {
      method: "POST",
      action: "delete objects of the bucket",
      query: [["delete", ""]],
      headers,
      body: [body],
      idempotent: true,
      options,
    },
    { root: "DeleteResult", lists: ["Error", "Deleted"] },
    retries,
  );
  const errors = new Map<Path, ObjectStoreError>();
  for (const element of xmlChildren(root, "Error")) {
    const path = xmlText(element, "Key") as Path | undefined;
    const code = xmlText(element, "Code");
    if (code === "NoSuchKey") continue;
    if (path === undefined) {
      throw new GenericError(
        `Cannot delete: the service refuses with ${code ?? "no code"} and does not say which key`,
        { store: STORE, code },
      );
    }
    const Kind = kindOfCode(code) ?? GenericError;
    errors.set(
      path,
      new Kind(`Cannot delete "${path}": ${code}: ${xmlText(element, "Message") ?? ""}`, {
        store: STORE,
        path,
        code,
      }),
    );
  }
  return errors;
}
