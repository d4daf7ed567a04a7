/** Listing: pages read as they stream in, the next one on its way while this one is used. */
import type { RetryState } from "../../../http/retry/state.ts";
import { GenericError, ObjectStoreError } from "../../../store/error.ts";
import { isAfter, isBelow, listedPath, segmentPrefix } from "../../../store/list.ts";
import { comparePaths, isPath, type Path } from "../../../store/path.ts";
import type { ListPage, ListPageOptions } from "../../../store/capabilities.ts";
import type {
  ListOptions,
  ListResult,
  ObjectMeta,
  OperationOptions,
  ResponseExtensions,
} from "../../../store/types.ts";
import { transportError } from "../../common/error.ts";
import { httpErrorOf, retriesOf } from "../../common/retries.ts";
import type { S3Client } from "../client.ts";
import { connectionOf, readS3Error, send, STORE } from "../core.ts";
import type { Query } from "../send.ts";
import { Flattened } from "./flattened.ts";
import { type ListedObject, type PageMemory, pageMemory } from "./objects.ts";
import { readListPage } from "./page.ts";
import type { ListPage as Page } from "./scanner.ts";

const ACTION = "list the bucket";

/** What a page is asked for with. */
interface PageRequest extends OperationOptions {
  readonly prefix: string;
  readonly delimiter?: string;
  readonly startAfter?: string;
  readonly maxKeys?: number;
}

interface ReadPage extends Page {
  readonly response: ResponseExtensions;
}

/** Everything below a prefix. */
export function listAll(
  client: S3Client,
  prefix: Path,
  options: ListOptions & { readonly offset?: Path },
): AsyncIterableIterator<ObjectMeta> {
  return new Flattened(listPages(client, prefix, options));
}

async function* listPages(
  client: S3Client,
  prefix: Path,
  options: ListOptions & { readonly offset?: Path },
): AsyncGenerator<Iterable<ObjectMeta>, void, undefined> {
  const request = { ...options, prefix: segmentPrefix(prefix), startAfter: options.offset };
  for await (const page of pages(client, request)) yield metasOf(page, prefix, options);
}

function* metasOf(
  page: Page,
  prefix: Path,
  { offset, invalidPaths, signal }: ListOptions & { readonly offset?: Path },
): Generator<ObjectMeta, void, undefined> {
  for (const object of page.objects) {
    const location = locationOf(object, invalidPaths);
    // The service has filtered already, where it can; what it was not asked for is not shown.
    if (location === undefined || !isBelow(location, prefix) || !isAfter(location, offset)) continue;
    yield metaOf(object, location);
    signal?.throwIfAborted();
  }
}

/** One level below a prefix, all pages of it. */
export async function listLevel(
  client: S3Client,
  prefix: Path,
  options: ListOptions & { readonly offset?: Path },
): Promise<ListResult> {
  const { offset, invalidPaths } = options;
  const objects: ObjectMeta[] = [];
  const prefixes = new Set<Path>();
  let response: ResponseExtensions | undefined;
  const request = { ...options, prefix: segmentPrefix(prefix), delimiter: "/", startAfter: offset };
  for await (const page of pages(client, request)) {
    response = page.response;
    for (const object of page.objects) {
      const location = locationOf(object, invalidPaths);
      if (location === undefined || !isBelow(location, prefix) || !isAfter(location, offset)) continue;
      objects.push(metaOf(object, location));
    }
    for (const each of page.commonPrefixes) {
      const path = listedPath(each.endsWith("/") ? each.slice(0, -1) : each, invalidPaths, STORE);
      // A prefix counts where anything in it may come after the offset.
      if (path === undefined || !isBelow(path, prefix)) continue;
      if (offset !== undefined && !isAfter(path, offset) && !offset.startsWith(`${path}/`)) continue;
      prefixes.add(path);
    }
  }
  return { commonPrefixes: [...prefixes].sort(comparePaths), objects, response };
}

/** One page of keys that start with a text. */
export async function listOnePage(
  client: S3Client,
  prefix: string | undefined,
  options: ListPageOptions,
): Promise<ListPage> {
  const { offset, delimiter, maxKeys, pageToken } = options;
  const page = await readPage(
    client,
    { ...options, prefix: prefix ?? "", delimiter, startAfter: offset, maxKeys },
    pageToken,
  );
  // The service has filtered already, where it can. A prefix counts where anything in it may come after the offset.
  const after = client.provider.startAfter ? undefined : offset as Path | undefined;
  const result: ListResult = {
    // Any key goes here: the prefix is a text and no path.
    objects: Array.from(page.objects, (object) => metaOf(object, object.key as Path))
      .filter(({ location }) => isAfter(location, after)),
    commonPrefixes: page.commonPrefixes
      .filter((each) => isAfter(each as Path, after) || after?.startsWith(each))
      .map((each) => (delimiter !== undefined && each.endsWith("/") ? each.slice(0, -1) : each) as Path)
      .sort(comparePaths),
    response: page.response,
  };
  const token = nextToken(page, pageToken);
  return token === undefined ? { result } : { result, pageToken: token };
}

/** The pages of a listing. While one is used the next is fetched; leaving early ends that. */
async function* pages(client: S3Client, request: PageRequest): AsyncGenerator<ReadPage, void, undefined> {
  const ended = new AbortController();
  const { signal } = request;
  const either = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
  // Two are enough, as a page has been used when the one after the next is asked for. Memory that is used again need
  // not be collected, which engines do late with what lived as long as a page does.
  let [memory, spare]: (PageMemory | undefined)[] = [];
  const fetch = (token: string | undefined): Promise<ReadPage> => {
    [memory, spare] = [spare ?? pageMemory(memory), memory];
    const page = readPage(client, { ...request, signal: either }, token, memory);
    // It is looked at later, or never.
    page.catch(() => {});
    return page;
  };
  let next: Promise<ReadPage> | undefined = fetch(undefined);
  let token: string | undefined;
  const requireNew = cycleDetector();
  try {
    while (next !== undefined) {
      const page: ReadPage = await next;
      token = nextToken(page, token);
      if (token !== undefined) requireNew(token);
      next = token === undefined ? undefined : fetch(token);
      yield page;
      signal?.throwIfAborted();
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    ended.abort();
    await next?.catch(() => {});
  }
}

/**
 * Finds out tokens that come round again, as the listing then goes on for ever, without keeping them all: each is held
 * against one before, which is replaced after twice as many tokens each time (Brent's algorithm).
 */
function cycleDetector(): (token: string) => void {
  let earlier: string | undefined;
  let left = 1;
  let span = 1;
  return (token) => {
    if (token === earlier) throw endless("and gives the same page again");
    if (--left > 0) return;
    earlier = token;
    left = span *= 2;
  };
}

function endless(why: string): GenericError {
  return new GenericError(`Cannot ${ACTION}: the service says there is more, ${why}`, { store: STORE });
}

/** The token of the page after this one. A service that gives the same again would be listed for ever. */
function nextToken(page: Page, current: string | undefined): string | undefined {
  const { isTruncated, nextContinuationToken: token } = page;
  if (!isTruncated) return undefined;
  if (token === undefined) throw endless("and not how to ask for it");
  if (token === current) throw endless("and gives the same page again");
  return token;
}

async function readPage(
  client: S3Client,
  request: PageRequest,
  token: string | undefined,
  memory: PageMemory = pageMemory(),
): Promise<ReadPage> {
  const { provider } = client;
  const { prefix, delimiter, startAfter, maxKeys } = request;
  const query: (readonly [string, string])[] = [["list-type", "2"]];
  if (token !== undefined) query.push(["continuation-token", token]);
  if (delimiter !== undefined) query.push(["delimiter", delimiter]);
  if (provider.encodingType) query.push(["encoding-type", "url"]);
  if (maxKeys !== undefined) query.push(["max-keys", `${maxKeys}`]);
  if (prefix !== "") query.push(["prefix", prefix]);
  if (startAfter !== undefined && token === undefined && provider.startAfter) {
    query.push(["start-after", startAfter]);
  }
  return await readBody(client, query, request, memory);
}

/** Asks for a page until all of it has come: a body that breaks off is asked for again. */
async function readBody(
  client: S3Client,
  query: Query,
  options: OperationOptions,
  memory: PageMemory,
): Promise<ReadPage> {
  const { signal } = options;
  let retries: RetryState | undefined;
  for (;;) {
    const response = await send(client, { method: "GET", action: ACTION, query, options, retries });
    const { status, headers } = response;
    try {
      const page = await readListPage(response.body, memory);
      return { ...page, response: { status, headers } };
    } catch (error) {
      signal?.throwIfAborted();
      await response.cancel(error).catch(() => {});
      const failure = { store: STORE, action: ACTION, readError: readS3Error };
      if (httpErrorOf(error) === undefined) {
        if (error instanceof ObjectStoreError) throw error;
        throw new GenericError(
          `Cannot ${ACTION}: the answer is no listing: ${error instanceof Error ? error.message : error}`,
          { store: STORE, status, cause: error },
        );
      }
      retries ??= retriesOf(connectionOf(client));
      if (retries === undefined || !await retries.next({ error }, signal)) {
        throw transportError(error, failure, signal);
      }
    }
  }
}

/**
 * Where an object is, or `undefined` where the listing passes over it. Consoles and tools mark folders by empty objects
 * whose keys end in a slash: no listing fails because of them, and none shows them unless raw keys are asked for. One
 * that holds something is no marker.
 */
function locationOf({ key, size }: ListedObject, mode: ListOptions["invalidPaths"]): Path | undefined {
  const marker = size === 0 && mode !== "raw" && key.endsWith("/") && isPath(key.slice(0, -1));
  return marker ? undefined : listedPath(key, mode, STORE);
}

function metaOf({ size, lastModified, eTag }: ListedObject, location: Path): ObjectMeta {
  return { location, lastModified, size, eTag };
}
