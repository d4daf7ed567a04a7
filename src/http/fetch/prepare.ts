/** What `fetch` is called with for a request that is not plain: one with a body, above all. */
import { isStreamBody, joined, redactUrl, uploadTime } from "../core.ts";
import type { HttpError } from "../error.ts";
import type { HttpRequest } from "../service.ts";
import type { FetchExchange } from "./exchange.ts";
import { checkMethod, type PreparedHeaders, prepareHeaders, prepareUrl, refuse, USE_NODE } from "./head.ts";
import type { FetchCall } from "./plain.ts";
import type { FetchAbilities } from "./platform.ts";
import { agreedLength, collect, UploadStream } from "./upload.ts";
import { probeRequestStreams, probeStreamLength } from "./upload_platform.ts";

/**
 * Checks all of a request, and brings its body into a form that this `fetch` sends. The exchange's timer for the head
 * runs from here on.
 *
 * @throws {HttpError} of kind `request` for what `fetch` cannot carry as it is.
 */
export async function prepareRequest(
  request: HttpRequest,
  exchange: FetchExchange,
  abilities: FetchAbilities,
  guarded: boolean,
): Promise<FetchCall> {
  const { method, body } = request;
  checkMethod(method);
  const { href: url, host } = prepareUrl(request.url, guarded);
  const headers = prepareHeaders(request, host, guarded);
  const length = agreedLength(request, headers.declaredLength);
  if (request.trailers !== undefined) throw cannot(request, "trailers", "fetch has no way to send them");
  const reading = method === "GET" || method === "HEAD";
  // No bytes are no body.
  if (reading && length !== 0) throw cannot(request, "a body", "fetch refuses one with GET and HEAD");
  const call: FetchCall = { url, init: { method, headers: headers.fields } };
  const { init } = call;
  if (body === undefined || reading) {
    // A written "content-length: 0" is to be sent where fetch would leave it out (DELETE, say).
    if (headers.declaredLength === 0 && !reading) init.body = new Uint8Array(0);
    exchange.startHeadTimer(0);
  } else if (isStreamBody(body)) {
    const upload = new UploadStream(body.stream, length, `${method} ${redactUrl(request.url)}`, exchange);
    exchange.upload = upload;
    exchange.startHeadTimer(0);
    await setStream(call, headers, upload, length, abilities, guarded);
  } else {
    init.body = joined(body, length ?? 0);
    exchange.startHeadTimer(uploadTime(length ?? 0));
  }
  return call;
}

async function setStream(
  { init }: FetchCall,
  { fields }: PreparedHeaders,
  upload: UploadStream,
  length: number | undefined,
  abilities: FetchAbilities,
  guarded: boolean,
): Promise<void> {
  if (!(abilities.requestStreams ?? (!guarded && probeRequestStreams()))) {
    init.body = await collect(upload, length, "which takes no streams");
  } else if (length !== undefined && !(abilities.streamLength ?? probeStreamLength())) {
    init.body = await collect(upload, length, "which would send it chunked, without its length");
  } else {
    if (length !== undefined) {
      if (Array.isArray(fields)) fields.push(["content-length", String(length)]);
      else fields["content-length"] = String(length);
    }
    init.body = upload.stream;
    init.duplex = "half";
  }
}

function cannot({ method, url }: HttpRequest, what: string, why: string): HttpError {
  return refuse(
    `Cannot send ${method} ${redactUrl(url)} with ${what}: ${why}; ${USE_NODE}`,
    what === "trailers" ? "HTTP-request-trailer-section-size" : "HTTP-protocol-error",
  );
}
