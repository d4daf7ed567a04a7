/** PROPFIND (RFC 4918 section 9.1): listings, streamed as the store yields them. */
import type { Path } from "../store/path.ts";
import type { ObjectMeta } from "../store/types.ts";
import { streamOf } from "./byte_ranges.ts";
import { headIfThere } from "./conditions.ts";
import { ancestorsBelow, type GatewayContext, hrefOf, isCollection, type Target } from "./context.ts";
import { HttpFailure } from "./failure.ts";
import { escapeXml, MULTISTATUS_HEAD, MULTISTATUS_HEADERS, MULTISTATUS_TAIL } from "./multistatus.ts";

/** Responses are sent on in pieces of about this many characters. */
const PIECE = 32 * 1024;

/**
 * Answers PROPFIND with the properties that an object store has, whichever were asked for: `resourcetype`,
 * `getcontentlength`, `getlastmodified` and `getetag`.
 */
export async function propfind(
  context: GatewayContext,
  target: Target,
  request: Request,
): Promise<Response> {
  const depth = (request.headers.get("depth") ?? "infinity").toLowerCase();
  if (!/^(?:0|1|infinity)$/.test(depth)) throw new HttpFailure(400, "The depth must be 0, 1 or infinity");
  const items = itemsOf(context, target, depth, context.signal);
  // The first is looked at before the status is decided: later failures can only cut the response short.
  const first = await items.next();
  if (first.done) throw new HttpFailure(404, "There is nothing at this path");
  return new Response(streamOf(encode(first.value, items)), { status: 207, headers: MULTISTATUS_HEADERS });
}

async function* itemsOf(
  context: GatewayContext,
  { path, collection }: Target,
  depth: string,
  signal: AbortSignal,
): AsyncGenerator<string> {
  if (!collection) {
    const meta = await headIfThere(context, path, signal);
    if (meta !== undefined) {
      yield objectItem(context, meta);
      return;
    }
  }
  if (depth === "0") {
    if (await isCollection(context, path, signal)) yield collectionItem(context, path);
  } else if (depth === "1") yield* oneLevel(context, path, signal);
  else yield* allLevels(context, path, signal);
}

async function* oneLevel(context: GatewayContext, path: Path, signal: AbortSignal): AsyncGenerator<string> {
  const { commonPrefixes, objects } = await context.store.listWithDelimiter(path, {
    signal,
    invalidPaths: "skip",
  });
  if (path !== "" && commonPrefixes.length + objects.length === 0) return;
  yield collectionItem(context, path);
  for (const prefix of commonPrefixes) yield collectionItem(context, prefix);
  for (const meta of objects) yield objectItem(context, meta);
}

async function* allLevels(context: GatewayContext, path: Path, signal: AbortSignal): AsyncGenerator<string> {
  // Listings come in any order, so every collection that was shown must be remembered.
  const shown = new Set<Path>();
  if (path === "") yield collectionItem(context, path);
  for await (const meta of context.store.list(path, { signal, invalidPaths: "skip" })) {
    if (path !== "" && shown.size === 0) {
      yield collectionItem(context, path);
      shown.add(path);
    }
    for (const ancestor of ancestorsBelow(meta.location, path)) {
      if (shown.has(ancestor)) break;
      shown.add(ancestor);
      yield collectionItem(context, ancestor);
    }
    yield objectItem(context, meta);
  }
}

async function* encode(first: string, items: AsyncGenerator<string>): AsyncGenerator<Uint8Array> {
  const utf8 = new TextEncoder();
  let text = MULTISTATUS_HEAD + first;
  try {
    for await (const item of items) {
      text += item;
      if (text.length < PIECE) continue;
      yield utf8.encode(text);
      text = "";
    }
    yield utf8.encode(text + MULTISTATUS_TAIL);
  } finally {
    await items.return(undefined);
  }
}

function collectionItem(context: GatewayContext, path: Path): string {
  // Stores keep no date of a collection, but Rust's `object_store` cannot read a listing in which one has none.
  return response(
    hrefOf(context, path, true),
    "<D:resourcetype><D:collection/></D:resourcetype>" +
      `<D:getlastmodified>${new Date(0).toUTCString()}</D:getlastmodified>`,
  );
}

function objectItem(context: GatewayContext, meta: ObjectMeta): string {
  const eTag = meta.eTag === undefined ? "" : `<D:getetag>${escapeXml(meta.eTag)}</D:getetag>`;
  return response(
    hrefOf(context, meta.location, false),
    `<D:resourcetype/><D:getcontentlength>${meta.size}</D:getcontentlength>` +
      `<D:getlastmodified>${meta.lastModified.toUTCString()}</D:getlastmodified>${eTag}`,
  );
}

function response(href: string, properties: string): string {
  return `<D:response><D:href>${escapeXml(href)}</D:href><D:propstat><D:prop>${properties}</D:prop>` +
    "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>\n";
}
