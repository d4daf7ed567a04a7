/** GET and HEAD. */
import { InvalidRangeError, NotFoundError, NotModifiedError, PreconditionError } from "../store/error.ts";
import { isStrongETag } from "../store/etag.ts";
import { formatContentRange } from "../store/content_range.ts";
import type { GetRange } from "../store/range.ts";
import type { GetOptions, GetResult } from "../store/types.ts";
import { objectHeaders } from "./attributes.ts";
import { multipartRanges, parseRangeHeader, satisfiable } from "./byte_ranges.ts";
import { conditionsOf, ifRangeHolds } from "./conditions.ts";
import { type GatewayContext, hrefOf, isCollection, type Target } from "./context.ts";
import { HttpFailure } from "./failure.ts";
import { collectionIndex } from "./index_page.ts";

/** Up to this size a body is handed over as bytes: every runtime sends those faster than a stream. */
const SMALL = 64 * 1024;

/** Answers GET and HEAD. */
export async function read(context: GatewayContext, target: Target, request: Request): Promise<Response> {
  if (target.collection) return await collectionIndex(context, target.path, request);
  try {
    return request.method === "HEAD"
      ? await head(context, target, request)
      : await get(context, target, request);
  } catch (error) {
    if (error instanceof NotModifiedError) return await notModified(context, target);
    if (error instanceof NotFoundError) await redirectToCollection(context, target, request);
    throw error;
  }
}

async function head(context: GatewayContext, { path }: Target, request: Request): Promise<Response> {
  const { store } = context;
  const options = { ...conditionsOf(request.headers), head: true, signal: context.signal };
  const result = await store.get(path, options);
  await result.body.cancel();
  const headers = describe(context, result);
  headers.set("content-length", String(result.meta.size));
  return new Response(null, { headers });
}

async function get(context: GatewayContext, { path }: Target, request: Request): Promise<Response> {
  const { store } = context;
  const { signal } = context;
  const conditions = conditionsOf(request.headers);
  let ranges = parseRangeHeader(request.headers.get("range"));
  const ifRange = request.headers.get("if-range");
  if (ranges === undefined) return await whole(context, await store.get(path, { ...conditions, signal }));
  if (ranges.length === 1 && ifRange === null) {
    return await single(context, path, ranges[0]!, { ...conditions, signal });
  }

  // The version must be known before a range of it can be granted, and all that follows is pinned to it.
  const known = await store.get(path, { ...conditions, head: true, signal });
  await known.body.cancel();
  const { meta } = known;
  const pin = isStrongETag(meta.eTag) ? meta.eTag : undefined;
  if (ifRange !== null && !ifRangeHolds(ifRange, meta)) ranges = undefined;
  if (ranges === undefined) return await whole(context, await store.get(path, { ...conditions, signal }));
  const resolved = satisfiable(ranges, meta.size);
  if (resolved.length === 0) throw unsatisfiable(meta.size);
  const total = resolved.reduce((sum, range) => sum + range.end - range.start, 0);
  // Overlapping ranges that add up to more than the object are a way to make a server work (RFC 9110 section 17.15).
  if (total > meta.size) return await whole(context, await store.get(path, { ...conditions, signal }));
  if (resolved.length === 1) {
    try {
      return await single(context, path, resolved[0]!, { ifMatch: pin, signal });
    } catch (error) {
      // Replaced since it was looked at: then the range was asked of what is no longer there.
      if (error instanceof PreconditionError) return await whole(context, await store.get(path, { signal }));
      throw error;
    }
  }
  const headers = describe(context, known);
  const contentType = headers.get("content-type") ?? undefined;
  const parts = multipartRanges(
    store,
    path,
    resolved,
    { size: meta.size, contentType, ifMatch: pin },
    signal,
  );
  headers.set("content-type", parts.contentType);
  headers.set("content-length", String(parts.length));
  return new Response(parts.body, { status: 206, headers });
}

async function single(
  context: GatewayContext,
  path: Target["path"],
  range: GetRange,
  options: GetOptions,
): Promise<Response> {
  if ("suffix" in range && range.suffix === 0) {
    const meta = await context.store.head(path, { ...options });
    throw unsatisfiable(meta.size);
  }
  try {
    const result = await context.store.get(path, { ...options, range });
    // A suffix of an empty object is all of it, and no `content-range` can say so.
    if (result.range.start === result.range.end) return await whole(context, result);
    const headers = describe(context, result);
    headers.set("content-range", formatContentRange(result.range, result.meta.size));
    return await withBody(result, 206, headers);
  } catch (error) {
    if (!(error instanceof InvalidRangeError) || error.size !== undefined) throw error;
    throw unsatisfiable((await context.store.head(path, { signal: options.signal })).size);
  }
}

async function whole(context: GatewayContext, result: GetResult): Promise<Response> {
  return await withBody(result, 200, describe(context, result));
}

/** The headers of an object; what its store cannot say of its type, its name may. */
function describe({ options }: GatewayContext, { meta, attributes }: GetResult): Headers {
  const contentType = attributes.contentType ?? options.contentTypeOf?.(meta.location);
  return objectHeaders(meta, contentType === undefined ? attributes : { ...attributes, contentType });
}

async function withBody(result: GetResult, status: number, headers: Headers): Promise<Response> {
  const length = result.range.end - result.range.start;
  headers.set("content-length", String(length));
  return new Response(length <= SMALL ? await result.bytes() : result.body, { status, headers });
}

function unsatisfiable(size: number): HttpFailure {
  return new HttpFailure(416, "The range lies beyond the end of the object", {
    "content-range": `bytes */${size}`,
  });
}

/** RFC 9110 section 15.4.5: a 304 carries the validators that a 200 would have. */
async function notModified(context: GatewayContext, { path }: Target): Promise<Response> {
  const result = await context.store.get(path, { head: true, signal: context.signal });
  await result.body.cancel();
  const headers = objectHeaders(result.meta, { cacheControl: result.attributes.cacheControl });
  return new Response(null, { status: 304, headers });
}

/** A person in a browser who left out the slash is helped; a program is told that there is no such object. */
async function redirectToCollection(
  context: GatewayContext,
  { path }: Target,
  request: Request,
): Promise<void> {
  if (context.options.index === false || !/\btext\/html\b/.test(request.headers.get("accept") ?? "")) return;
  if (!await isCollection(context, path, context.signal)) return;
  throw new HttpFailure(308, "This is a collection", { location: hrefOf(context, path, true) });
}
