/** PUT, DELETE and MKCOL. */
import type { Path } from "../store/path.ts";
import type { ObjectMeta, PutPayload } from "../store/types.ts";
import { attributesOf } from "./attributes.ts";
import { checkWrite, conditionsOf, headIfThere, putModeOf } from "./conditions.ts";
import { type GatewayContext, hrefOf, isCollection, type Target } from "./context.ts";
import { HttpFailure, viewOf } from "./failure.ts";
import { multistatusOf } from "./multistatus.ts";

/** Bodies of a declared length up to this are read first: stores put bytes faster than streams. */
const SMALL = 1024 * 1024;

/** Answers PUT: 201 for a new object, 204 for a replaced one. */
export async function put(context: GatewayContext, target: Target, request: Request): Promise<Response> {
  if (target.collection) throw new HttpFailure(405, "A collection cannot be written");
  // RFC 9110 section 14.5: storing a part as if it were the whole would destroy the object.
  if (request.headers.has("content-range")) {
    throw new HttpFailure(400, "A part of an object cannot be written");
  }
  const length = declaredLength(request);
  const limit = context.options.maxBodySize ?? Infinity;
  if (length !== undefined && length > limit) throw tooLarge(limit);
  const { mode, existed } = await putModeOf(context, target.path, request.headers, context.signal);
  const body: PutPayload = request.body === null
    ? new Uint8Array(0)
    : length !== undefined && length <= SMALL
    ? await readBody(request.body, length)
    : checkedBody(request.body, length, limit);
  const result = await context.store.put(target.path, body, {
    mode,
    attributes: attributesOf(request.headers),
    signal: context.signal,
  });
  const headers = new Headers();
  if (result.eTag !== undefined) headers.set("etag", result.eTag);
  return new Response(null, { status: existed ? 204 : 201, headers });
}

/** Answers DELETE. A collection goes with all that is in it, but only if the URL ends in its slash. */
export async function remove(context: GatewayContext, target: Target, request: Request): Promise<Response> {
  const { store } = context;
  const { path } = target;
  const { signal } = context;
  if (target.collection) return await removeCollection(context, path, signal);
  const conditions = conditionsOf(request.headers);
  const meta = await headIfThere(context, path, signal);
  checkWrite(conditions, meta);
  if (meta === undefined) {
    if (await isCollection(context, path, signal)) {
      throw new HttpFailure(409, "This is a collection: its URL ends in a slash");
    }
    throw new HttpFailure(404, "There is no such object");
  }
  const conditional = conditions.ifMatch !== undefined || conditions.ifUnmodifiedSince !== undefined;
  await store.delete(path, { signal, ...conditional && { ifMatch: pinOf(meta) } });
  return new Response(null, { status: 204 });
}

async function removeCollection(context: GatewayContext, path: Path, signal: AbortSignal): Promise<Response> {
  const { store } = context;
  if (path === "") throw new HttpFailure(403, "The root cannot be deleted");
  let deleted = 0;
  const failures: { href: string; status: number }[] = [];
  const locations = async function* (): AsyncGenerator<Path> {
    for await (const { location } of store.list(path, { signal })) yield location;
  };
  for await (const outcome of store.deleteAll(locations(), { signal })) {
    if (outcome.ok) deleted++;
    else failures.push({ href: hrefOf(context, outcome.path, false), status: viewOf(outcome.error).status });
  }
  if (failures.length > 0) return multistatusOf(failures);
  if (deleted === 0) throw new HttpFailure(404, "There is no such collection");
  return new Response(null, { status: 204 });
}

/**
 * Answers MKCOL. Collections of an object store are the prefixes of its objects: one becomes visible with its first
 * object, so there is nothing to do but to check that the name is free.
 */
export async function makeCollection(
  context: GatewayContext,
  { path }: Target,
  request: Request,
): Promise<Response> {
  if (await hasBody(request)) throw new HttpFailure(415, "MKCOL takes no body");
  const { signal } = context;
  const taken = path === "" || await headIfThere(context, path, signal) !== undefined ||
    await isCollection(context, path, signal);
  if (taken) {
    throw new HttpFailure(405, "Something exists there already", { allow: "OPTIONS, GET, HEAD, PROPFIND" });
  }
  return new Response(null, { status: 201 });
}

/** What a conditional write is pinned to: the version that its conditions were checked against. */
function pinOf(meta: ObjectMeta): string {
  if (meta.eTag === undefined) throw new HttpFailure(412, "The object has no ETag that could be compared");
  return meta.eTag;
}

function declaredLength(request: Request): number | undefined {
  const value = request.headers.get("content-length");
  return value !== null && /^\d+$/.test(value) ? Number(value) : undefined;
}

function tooLarge(limit: number): HttpFailure {
  return new HttpFailure(413, `The body is larger than the ${limit} bytes allowed`);
}

async function readBody(body: ReadableStream<Uint8Array>, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for await (const chunk of body) {
    if (at + chunk.byteLength > length) throw wrongLength();
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  if (at !== length) throw wrongLength();
  return bytes;
}

/** A body held to its declared length and to the limit; failing it makes the store give the write up. */
function checkedBody(
  body: ReadableStream<Uint8Array>,
  length: number | undefined,
  limit: number,
): ReadableStream<Uint8Array> {
  let received = 0;
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        received += chunk.byteLength;
        if (received > limit) throw tooLarge(limit);
        if (length !== undefined && received > length) throw wrongLength();
        controller.enqueue(chunk);
      },
      flush() {
        if (length !== undefined && received !== length) throw wrongLength();
      },
    }),
  );
}

function wrongLength(): HttpFailure {
  return new HttpFailure(400, "The body is not of its declared length");
}

/**
 * Whether there is any byte: servers hand over an empty stream for no body, and some clients send an empty chunked one.
 */
async function hasBody(request: Request): Promise<boolean> {
  if ((declaredLength(request) ?? 0) > 0) return true;
  if (request.body === null) return false;
  const reader = request.body.getReader();
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return false;
      if (value.byteLength > 0) return true;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
