/** Listing by PROPFIND (RFC 4918 section 9.1). Loaded when something is listed: the XML parser is heavy. */
import type { HttpResponse } from "../../http/service.ts";
import {
  GenericError,
  InvalidPathError,
  NotFoundError,
  NotSupportedError,
  ObjectStoreError,
  PermissionDeniedError,
} from "../../store/error.ts";
import { isAfter, isBelow, listedPath } from "../../store/list.ts";
import { comparePaths, parentOf, parsePath, type Path } from "../../store/path.ts";
import type { ListOptions, ListResult, ObjectMeta } from "../../store/types.ts";
import { responseError, transportError } from "../common/error.ts";
import { STORE } from "./client.ts";
import type { DavClient } from "./dav.ts";
import { type DavResource, readMultistatus } from "./multistatus.ts";

/** Collections asked for at once where the server lists only one level at a time. */
const CONCURRENCY = 8;
const ACTION = "list";
/** Statuses with which servers refuse `depth: infinity` (RFC 4918 section 9.1 says 403). */
const REFUSES_INFINITY = [400, 403, 413, 500, 501, 507];

/** With these servers answer a PROPFIND of `object/`. */
const NOT_A_COLLECTION = [400, 409];

const BODY = new TextEncoder().encode(
  '<?xml version="1.0" encoding="utf-8"?><D:propfind xmlns:D="DAV:"><D:prop><D:resourcetype/>' +
    "<D:getcontentlength/><D:getlastmodified/><D:getetag/></D:prop></D:propfind>",
);

interface Entry {
  readonly location: Path;
  readonly resource: DavResource;
}

/** What is known of how a server lists; one of these is kept with each store. */
export interface ListingMemory {
  /** The server has refused `depth: infinity`. */
  oneLevelOnly?: boolean;
}

/** All objects below a prefix. */
export async function* listAll(
  client: DavClient,
  prefix: Path,
  options: ListOptions,
  memory: ListingMemory,
): AsyncGenerator<ObjectMeta> {
  const offset = options.offset === undefined ? undefined : parsePath(options.offset, STORE);
  for await (const { location, resource } of await entriesBelow(client, prefix, options, memory)) {
    if (resource.collection || !isBelow(location, prefix) || !isAfter(location, offset)) continue;
    // Many come in one piece of the response; an abort must not wait for the next.
    options.signal?.throwIfAborted();
    yield await metaOf(client, location, resource, options);
  }
}

/** One level below a prefix. */
export async function listLevel(client: DavClient, prefix: Path, options: ListOptions): Promise<ListResult> {
  const offset = options.offset === undefined ? undefined : parsePath(options.offset, STORE);
  const commonPrefixes: Path[] = [];
  const objects: ObjectMeta[] = [];
  const response = await propfind(client, prefix, "1", options);
  if (response === undefined) return { commonPrefixes, objects };
  for await (const { location, resource } of entries(client, prefix, response, options)) {
    if (parentOf(location) !== prefix || location === "" || !isAfter(location, offset)) continue;
    if (resource.collection) commonPrefixes.push(location);
    else objects.push(await metaOf(client, location, resource, options));
  }
  const { status, headers } = response;
  return { commonPrefixes: commonPrefixes.sort(comparePaths), objects, response: { status, headers } };
}

async function entriesBelow(
  client: DavClient,
  prefix: Path,
  options: ListOptions,
  memory: ListingMemory,
): Promise<AsyncGenerator<Entry>> {
  if (!memory.oneLevelOnly) {
    const response = await propfind(client, prefix, "infinity", options, REFUSES_INFINITY);
    if (response === undefined) return none();
    if (response.status === 207) return entries(client, prefix, response, options);
    const refused = await responseError(response, { store: STORE, action: ACTION, path: prefix });
    // A server that refuses one level too refuses for another reason.
    const level = await propfind(client, prefix, "1", options, REFUSES_INFINITY);
    if (level === undefined) return none();
    await level.cancel();
    if (level.status !== 207) {
      throw level.status === 501 || level.status === 400 ? notDav(prefix, level.status) : refused;
    }
    memory.oneLevelOnly = true;
  }
  return walk(client, prefix, options);
}

/** Asks for one collection after the other, several at a time. */
async function* walk(client: DavClient, prefix: Path, options: ListOptions): AsyncGenerator<Entry> {
  const controller = new AbortController();
  const signal = options.signal === undefined
    ? controller.signal
    : AbortSignal.any([options.signal, controller.signal]);
  const pending: Path[] = [prefix];
  const running = new Map<Path, Promise<{ readonly collection: Path; readonly found: readonly Entry[] }>>();
  const level = async (collection: Path) => {
    const found: Entry[] = [];
    const response = await propfind(client, collection, "1", { ...options, signal });
    if (response !== undefined) {
      for await (const entry of entries(client, collection, response, options)) {
        // Only what lies right below: anything else could lead in circles.
        if (entry.location !== "" && parentOf(entry.location) === collection) found.push(entry);
      }
    }
    return { collection, found };
  };
  try {
    while (pending.length > 0 || running.size > 0) {
      while (pending.length > 0 && running.size < CONCURRENCY) {
        const collection = pending.pop()!;
        running.set(collection, level(collection));
      }
      const { collection, found } = await Promise.race(running.values());
      running.delete(collection);
      for (const entry of found) if (entry.resource.collection) pending.push(entry.location);
      yield* found;
    }
  } finally {
    controller.abort();
    await Promise.allSettled(running.values());
  }
}

/** Sends a PROPFIND; `undefined` where there is no such collection. */
async function propfind(
  client: DavClient,
  prefix: Path,
  depth: "1" | "infinity",
  options: ListOptions,
  accept: readonly number[] = [],
): Promise<HttpResponse | undefined> {
  let response: HttpResponse;
  try {
    response = await client.send({
      method: "PROPFIND",
      action: ACTION,
      path: prefix,
      collection: true,
      headers: [["depth", depth], ["content-type", "application/xml; charset=utf-8"]],
      body: BODY,
      accept: [...accept, ...NOT_A_COLLECTION],
      options,
    });
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    if (error instanceof NotSupportedError) throw notDav(prefix, error.status);
    throw error;
  }
  const { status } = response;
  if (status === 207) return response;
  // What lies "below" an object is asked for with a slash at its end, which servers call a bad request.
  if (NOT_A_COLLECTION.includes(status) && prefix !== "" && await isObject(client, prefix, options)) {
    await response.cancel();
    return undefined;
  }
  if (accept.includes(status)) return response;
  if (NOT_A_COLLECTION.includes(status)) {
    throw await responseError(response, {
      store: STORE,
      action: ACTION,
      path: prefix,
      kinds: { 409: GenericError },
    });
  }
  await response.cancel();
  throw notDav(prefix, status);
}

async function isObject(
  client: DavClient,
  path: Path,
  { signal, extensions }: ListOptions,
): Promise<boolean> {
  try {
    await client.head(path, { signal, extensions });
    return true;
  } catch (error) {
    if (error instanceof ObjectStoreError) return false;
    throw error;
  }
}

async function* entries(
  client: DavClient,
  prefix: Path,
  response: HttpResponse,
  options: ListOptions,
): AsyncGenerator<Entry> {
  try {
    for await (const resource of readMultistatus(response.body)) {
      const location = locationOf(client, resource, options);
      if (location === undefined || resource.failure === 404) continue;
      if (resource.failure !== undefined) {
        const Kind = resource.failure === 403 ? PermissionDeniedError : GenericError;
        throw new Kind(`Cannot list "${location}": status ${resource.failure}`, {
          store: STORE,
          path: location,
          status: resource.failure,
        });
      }
      yield { location, resource };
    }
  } catch (error) {
    throw transportError(error, { store: STORE, action: ACTION, path: prefix }, options.signal);
  }
}

/** The location that an href names, below the base; `undefined` where the listing passes over it. */
function locationOf(client: DavClient, resource: DavResource, options: ListOptions): Path | undefined {
  // Scheme and host are not compared: behind a proxy, servers get their own wrong.
  const path = resource.href.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, "").replace(/[?#].*$/s, "");
  const segments = path.split("/").map(decodeSegment);
  const base = client.server.base.path.split("/").map(decodeSegment);
  if (base.some((segment, i) => segments[i] !== segment)) {
    throw new GenericError(
      `Cannot list: the server names "${resource.href}", which is not below the store's base "${client.server.base.path}/"`,
      { store: STORE },
    );
  }
  const below = segments.slice(base.length);
  if (below.at(-1) === "") below.pop();
  const slash = below.find((segment) => segment.includes("/"));
  if (slash !== undefined && options.invalidPaths !== "skip") {
    throw new InvalidPathError(`Cannot list "${resource.href}": a segment of it holds a slash`, {
      store: STORE,
      path: resource.href,
    });
  }
  return slash === undefined ? listedPath(below.join("/"), options.invalidPaths, STORE) : undefined;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // Servers that do not encode send a bare `%`.
    return segment;
  }
}

async function metaOf(
  client: DavClient,
  location: Path,
  resource: DavResource,
  { signal, extensions }: ListOptions,
): Promise<ObjectMeta> {
  const { size, lastModified = new Date(0), eTag } = resource;
  if (size !== undefined) return { location, size, lastModified, eTag };
  const result = await client.head(location, { signal, extensions });
  return result.meta;
}

function notDav(path: Path, status: number | undefined): NotSupportedError {
  return new NotSupportedError(
    `Cannot list "${path}": the server answers PROPFIND with status ${status}, so it does not speak WebDAV; ` +
      "objects of plain HTTP servers can be read, not listed",
    { store: STORE, path, status },
  );
}

async function* none(): AsyncGenerator<Entry> {
  // Nothing is there.
}
