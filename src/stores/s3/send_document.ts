/** Requests whose answer is a document. */
import type { HttpResponse } from "../../http/service.ts";
import type { RetryState } from "../../http/retry/state.ts";
import { GenericError, ObjectStoreError } from "../../store/error.ts";
import { transportError } from "../common/error.ts";
import { httpErrorOf, retriesOf } from "../common/retries.ts";
import { parseXml, type XmlElement, type XmlShape } from "../common/xml.ts";
import type { S3Client } from "./client.ts";
import { connectionOf, failureOf, send, STORE } from "./core.ts";
import type { S3Request } from "./send.ts";
import { bodyError, isConflict, isTransientCode } from "./errors/service_error.ts";

/** A document that is expected. */
export interface DocumentShape extends XmlShape {
  /** Some services send nothing where there is nothing to say. */
  readonly mayBeEmpty?: boolean;
}

/**
 * Sends a request whose success is told by a document. S3 begins some answers before it knows how they end, so a 200
 * may hold an error; what is transient is tried again within the client's retries, as is a document cut short, and what
 * met another conditional request (409).
 */
export async function sendDocument(
  client: S3Client,
  request: S3Request,
  shape: DocumentShape,
  retries: RetryState | undefined = retriesOf(connectionOf(client)),
): Promise<
  {
    readonly root: XmlElement;
    readonly text: string;
    readonly response: HttpResponse;
    readonly retries: RetryState | undefined;
  }
> {
  const { signal } = request.options;
  const failure = failureOf(request);
  for (;;) {
    let response: HttpResponse;
    try {
      response = await send(client, { ...request, retries });
    } catch (error) {
      if (isConflict(error) && retries !== undefined && await retries.next({ error }, signal)) continue;
      throw error;
    }
    let error: unknown;
    try {
      const text = (await response.text()).trim();
      if (/^(?:<\?[^>]*\?>\s*)?<(?:\w+:)?Error[\s>]/.test(text)) {
        error = bodyError(
          request.action,
          request.path,
          parseXml(text, { root: "Error" }),
          response.headers,
          request.kinds,
        );
      } else {
        const root = text === "" && shape.mayBeEmpty ? {} : parseXml(text, shape);
        return { root, text, response, retries };
      }
    } catch (thrown) {
      error = thrown;
    }
    signal?.throwIfAborted();
    const again = error instanceof ObjectStoreError
      ? isTransientCode(error.code)
      : request.idempotent !== false;
    if (!again || retries === undefined || !await retries.next({ response, error }, signal)) {
      throw httpErrorOf(error) === undefined && !(error instanceof ObjectStoreError)
        ? new GenericError(
          `Cannot ${request.action}${
            request.path === undefined ? "" : ` "${request.path}"`
          }: the answer cannot be read: ${error instanceof Error ? error.message : error}`,
          { store: STORE, path: request.path, status: response.status, cause: error },
        )
        : transportError(error, failure, signal);
    }
  }
}
