/** What the handlers of a gateway share. */
import type { ObjectStore } from "../store/object_store.ts";
import { parentOf, type Path, pathFromUrl } from "../store/path.ts";
import { HttpFailure } from "./failure.ts";
import type { GatewayOptions } from "./options.ts";

/** A gateway's store and options, the base path brought into one form. */
export interface GatewayContext {
  /** The store served. */
  readonly store: ObjectStore;
  /** The options as given. */
  readonly options: GatewayOptions;
  /** Base path without a slash at the end; `""` for the root. */
  readonly basePath: string;
  /** Aborts when the client of this request goes away. */
  readonly signal: AbortSignal;
}

/** What a URL of the gateway names. */
export interface Target {
  /** The path in the store. */
  readonly path: Path;
  /** Whether the URL ends in a slash, or is the root: a collection is meant. */
  readonly collection: boolean;
}

/** Methods that a gateway answers, in the order of the `allow` header. */
export const METHODS = [
  "OPTIONS",
  "GET",
  "HEAD",
  "PROPFIND",
  "PUT",
  "DELETE",
  "COPY",
  "MOVE",
  "MKCOL",
] as const;

/** Methods that change nothing. */
export const SAFE_METHODS: readonly string[] = METHODS.slice(0, 4);

/**
 * The target of a URL, taken from its text and decoded once.
 *
 * @throws {HttpFailure} 400 for what cannot be a path: `.` and `..` segments, encoded slashes, control characters,
 *   escapes that are not UTF-8; 404 outside of the base path.
 */
export function parseTarget(url: string, basePath: string): Target {
  const pathname = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^?#]*)/i.exec(url)?.[1] || "/";
  if (pathname !== basePath && !pathname.startsWith(`${basePath}/`)) {
    throw new HttpFailure(404, "Nothing is served at this path");
  }
  const below = pathname.slice(basePath.length);
  // An encoded slash would become a separator, and a stray `%` would mean different things to different parsers.
  if (/%(?:2f|(?![0-9a-f]{2}))/i.test(below)) {
    throw new HttpFailure(400, "The path holds an encoded slash or an incomplete escape");
  }
  try {
    return { path: pathFromUrl(below), collection: below === "" || below.endsWith("/") };
  } catch {
    throw new HttpFailure(400, "The path is not valid");
  }
}

/** A path as a URL path of the gateway; collections end in a slash. */
export function hrefOf(context: GatewayContext, path: string, collection: boolean): string {
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  return `${context.basePath}/${encoded}${collection && path !== "" ? "/" : ""}`;
}

/** Whether anything lies below a path, which is what makes it a collection. The root always is one. */
export async function isCollection(
  context: GatewayContext,
  path: Path,
  signal?: AbortSignal,
): Promise<boolean> {
  if (path === "") return true;
  for await (const _ of context.store.list(path, { signal, invalidPaths: "skip" })) return true;
  return false;
}

/** The collections above a path, the nearest first, up to but without `root`. */
export function* ancestorsBelow(path: Path, root: Path): Generator<Path> {
  for (let at = parentOf(path); at !== undefined && at !== root && at !== ""; at = parentOf(at)) yield at;
}
