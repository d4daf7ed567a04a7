/** Puts of streams by one request, which hold next to nothing in memory, and can be made once only. */
import { isRetryableError } from "../../../http/retry/rules.ts";
import { isRetryableStatus } from "../../../http/retry/status.ts";
import { getHeader, type HeaderEntry } from "../../../http/headers.ts";
import {
  AlreadyExistsError,
  type ObjectStoreError,
  PreconditionError,
  toStoreError,
} from "../../../store/error.ts";
import type { Path } from "../../../store/path.ts";
import type { StreamPayload } from "../../../store/payload.ts";
import type { PutMode, PutOptions, PutResult } from "../../../store/types.ts";
import { httpErrorOf, retriesOf } from "../../common/retries.ts";
import { ChunkedBody } from "../signing/chunked.ts";
import type { S3Client } from "../client.ts";
import { connectionOf, readHeaders, run, send, STORE } from "../core.ts";
import { putResult } from "./whole.ts";
import { refusal } from "./conditional.ts";
import { createMarker, findWriter, MARKER_HEADER } from "./marker.ts";
import type { LargePut } from "./large.ts";
import { isConflict } from "../errors/service_error.ts";
import { modeHeader, writeHeaders } from "../write_headers.ts";

/**
 * Puts a stream of known length by one request, signed chunk by chunk, or under TLS with its checksum after it. A
 * `Blob` can be sent again after a failure; of another stream what was read is gone.
 */
export async function putStreamed(
  { client, path, options }: LargePut,
  payload: StreamPayload,
  length: number,
): Promise<PutResult> {
  const { mode = "overwrite", onProgress, signal } = options;
  const condition = modeHeader(client, path, mode);
  const marker = condition === undefined ? undefined : createMarker();
  const headers = writeHeaders(client, path, options);
  if (condition !== undefined) headers.push(condition, [MARKER_HEADER, marker!]);
  await askFirst(client, path, mode, options);
  const checksum = client.provider.payloadChunks === "trailer" ? client.checksum : undefined;
  // A checksum is enough under TLS; without one there is the signature.
  const signed = checksum === undefined ? client.options.unsignedPayload !== true : !client.unsigned;
  const retries = retriesOf(connectionOf(client));
  for (let { stream } = payload;;) {
    const body = new ChunkedBody(stream, {
      length,
      signed,
      checksum,
      onProgress: (transferred) => onProgress?.({ transferred, total: length }),
    });
    try {
      return await sendStream(client, path, mode, merged(headers, body.headers), body, options);
    } catch (thrown) {
      // Where it was refused before it was read.
      if (!body.stream.locked) await body.stream.cancel(thrown).catch(() => {});
      signal?.throwIfAborted();
      const context = { store: STORE, path };
      const error = toStoreError(body.failure?.error ?? thrown, `Cannot put "${path}"`, context);
      const again = payload.reopen !== undefined && body.failure === undefined && isTransient(error);
      if (again && retries !== undefined && await retries.next({ error }, signal)) {
        stream = payload.reopen!();
        continue;
      }
      // Its answer may have got lost, or its first sending have refused the second.
      const writer = marker === undefined || body.failure !== undefined
        ? undefined
        : await findWriter(client, path, marker, options);
      if (writer?.who === "self") return writer.result;
      throw error;
    }
  }
}

async function sendStream(
  client: S3Client,
  path: Path,
  mode: PutMode,
  headers: readonly HeaderEntry[],
  body: ChunkedBody,
  options: PutOptions,
): Promise<PutResult> {
  const accept = mode === "overwrite" ? [] : [404, 409, 412];
  const response = await send(client, { method: "PUT", action: "put", path, headers, body, accept, options });
  if (response.status >= 300) throw await refusal(response, path, mode);
  await response.cancel();
  return putResult(response);
}

/**
 * Asks for the head of the object first: what is wrong with region, clock or credentials is put right then, which it
 * cannot be once the stream is under way; and a condition that does not hold is found out before gigabytes are sent in
 * vain.
 */
async function askFirst(client: S3Client, path: Path, mode: PutMode, options: PutOptions): Promise<void> {
  const response = await run(client, {
    method: "HEAD",
    action: "put",
    path,
    headers: readHeaders(client, false),
    // Who may write need not be allowed to read.
    accept: [403, 404],
    options,
  });
  if (response.status === 403 || mode === "overwrite") return;
  const found = response.status === 404 ? undefined : getHeader(response.headers, "etag");
  const context = { store: STORE, path, status: 412 };
  if (mode === "create") {
    if (response.status === 404) return;
    throw new AlreadyExistsError(`Cannot create "${path}": there is an object`, context);
  }
  if (found !== mode.update.eTag) {
    throw new PreconditionError(`Cannot update "${path}": it is not the version named`, context);
  }
}

/** The lines of an object and of its way to the service, whose codings stand in one. */
function merged(object: readonly HeaderEntry[], way: readonly HeaderEntry[]): HeaderEntry[] {
  const coding = getHeader(object, "content-encoding");
  if (coding === undefined) return [...object, ...way];
  return [
    ...object.filter(([name]) => name !== "content-encoding"),
    ...way.map(([name, value]): HeaderEntry =>
      name === "content-encoding" ? [name, `${value},${coding}`] : [name, value]
    ),
  ];
}

function isTransient(error: ObjectStoreError): boolean {
  if (isConflict(error)) return true;
  if (error.status !== undefined) return isRetryableStatus(error.status);
  return isRetryableError({ method: "PUT" }, httpErrorOf(error));
}
