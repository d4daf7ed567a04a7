/** `wasi:http/outgoing-handler`: from an outgoing request to a request on its way. */
import { WitError } from "../abi/lower.ts";
import type { HeaderEntry } from "../../http/headers.ts";
import type { Instance } from "../instance.ts";
import type { HttpAccess } from "./access.ts";
import type { ErrorCode } from "./error_code.ts";
import { declaredLength, sectionSize } from "./fields.ts";
import { FutureIncomingResponse } from "./future.ts";
import { type OutgoingRequest, type RequestOptions, toMilliseconds } from "./outgoing_request.ts";
import { asciiPath, methodName } from "./request_line.ts";

/** The longest URL that is sent. */
const MAX_URL = 64 * 1024;

/** `handle`. The request is consumed, whatever comes of it. */
export function handle(
  instance: Instance,
  request: OutgoingRequest,
  options: RequestOptions | undefined,
): FutureIncomingResponse {
  const access = instance.capabilities.http;
  try {
    const url = targetUrl(request);
    const refusal = access.refusal(url);
    if (refusal !== undefined) throw new WitError(refusal);
    const headers = outgoingHeaders(instance, request);
    if (!access.available) {
      request.taken?.pipe.cancel();
      return FutureIncomingResponse.failed({ tag: "connection-limit-reached" });
    }
    return FutureIncomingResponse.send(instance, access, {
      method: methodName(request.method),
      url,
      headers,
      timeouts: {
        connectTimeout: connectTimeout(access, options),
        firstByteTimeout: toMilliseconds(options?.firstByte),
        readTimeout: toMilliseconds(options?.betweenBytes),
        timeout: 0,
      },
    }, request.taken);
  } catch (error) {
    // Nobody will read the body of a request that was refused.
    request.taken?.pipe.cancel();
    throw error;
  }
}

/**
 * Over `fetch` the head is given the sum of both timeouts: ten minutes for connecting, which nobody asked for, would
 * drown the few seconds that the guest asked for. The connector's own default does not.
 */
function connectTimeout(access: HttpAccess, options: RequestOptions | undefined): number | undefined {
  const { connect, firstByte } = options ?? {};
  if (connect === undefined && firstByte !== undefined && access.overFetch) return undefined;
  return toMilliseconds(connect);
}

function refuse(tag: ErrorCode["tag"], val?: unknown): never {
  throw new WitError({ tag, val });
}

function targetUrl(request: OutgoingRequest): string {
  const scheme = request.scheme ?? { tag: "HTTPS" };
  if (scheme.tag === "other") refuse("HTTP-protocol-error");
  const { authority, path } = request;
  // No default for either: a guest that forgot one means something else than "/" or this host.
  if (authority === undefined || path === undefined) refuse("HTTP-request-URI-invalid");
  if (authority.includes("@")) refuse("HTTP-request-URI-invalid");
  const absolute = path.startsWith("/") ? path : path === "" || path.startsWith("?") ? `/${path}` : undefined;
  // Glued to the authority, anything else would change the host.
  if (absolute === undefined) refuse("HTTP-request-URI-invalid");
  const url = `${scheme.tag.toLowerCase()}://${authority}${asciiPath(absolute)}`;
  if (url.length > MAX_URL) refuse("HTTP-request-URI-too-long");
  return url;
}

/** The headers to send: hop-by-hop fields of the guest's connection to us end here. */
function outgoingHeaders(instance: Instance, request: OutgoingRequest): HeaderEntry[] {
  const size = sectionSize(request.headers.list);
  if (size > instance.limits.fieldBytes) refuse("HTTP-request-header-section-size", size);
  try {
    declaredLength(request.headers.list);
  } catch {
    refuse("HTTP-protocol-error");
  }
  let lengthSeen = false;
  return request.headers.list.filter(([name, value]) => {
    switch (name.toLowerCase()) {
      case "expect":
        return false;
      case "te":
        return value.trim().toLowerCase() === "trailers";
      case "content-length": {
        const first = !lengthSeen;
        lengthSeen = true;
        // Without a body there is nothing that a length could be for, unless it says so.
        return first && (request.taken !== undefined || Number(value) === 0);
      }
      default:
        return true;
    }
  });
}
