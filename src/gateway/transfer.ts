/** COPY and MOVE (RFC 4918 sections 9.8 and 9.9), of objects and of collections. */
import { mapConcurrent } from "../store/concurrency.ts";
import { AlreadyExistsError } from "../store/error.ts";
import { concatPaths, type Path, stripPrefix } from "../store/path.ts";
import type { CopyMode } from "../store/types.ts";
import { checkWrite, conditionsOf, headIfThere } from "./conditions.ts";
import { type GatewayContext, hrefOf, isCollection, parseTarget, type Target } from "./context.ts";
import { HttpFailure, viewOf } from "./failure.ts";
import { multistatusOf } from "./multistatus.ts";

/** Objects of a collection under way at once. */
const CONCURRENCY = 8;

/** Answers COPY and MOVE. */
export async function transfer(context: GatewayContext, target: Target, request: Request): Promise<Response> {
  const { signal } = context;
  const destination = destinationOf(context, request);
  const mode = overwriteOf(request) ? "overwrite" : "create";
  if (destination.path === "" || destination.path === target.path) {
    throw new HttpFailure(403, "Source and destination are the same, or the destination is the root");
  }
  const meta = target.collection ? undefined : await headIfThere(context, target.path, signal);
  if (meta === undefined) {
    if (await isCollection(context, target.path, signal)) {
      return await transferCollection(context, target.path, destination.path, mode, request);
    }
    throw new HttpFailure(404, "There is no such object");
  }
  checkWrite(conditionsOf(request.headers), meta);
  const existed = mode === "overwrite" && await headIfThere(context, destination.path, signal) !== undefined;
  await one(context, request.method, target.path, destination.path, mode, signal);
  return new Response(null, { status: existed ? 204 : 201 });
}

async function transferCollection(
  context: GatewayContext,
  from: Path,
  to: Path,
  mode: CopyMode,
  request: Request,
): Promise<Response> {
  const { method } = request;
  const { signal } = context;
  if (stripPrefix(to, from) !== undefined) {
    throw new HttpFailure(403, "A collection cannot be put into itself");
  }
  const existed = await isCollection(context, to, signal);
  if (existed && mode === "create") throw new HttpFailure(412, "Something exists there already");
  if (request.headers.get("depth") === "0") {
    if (method === "MOVE") throw new HttpFailure(400, "A collection is moved with all that is in it");
    // The collection without its members is nothing, in a store where members make collections.
    return new Response(null, { status: existed ? 204 : 201 });
  }
  // Moving while listing would change what is being listed.
  const sources: Path[] = [];
  for await (const { location } of context.store.list(from, { signal })) sources.push(location);
  const failures = await mapConcurrent(sources, CONCURRENCY, async (source) => {
    try {
      const destination = concatPaths(to, stripPrefix(source, from)!);
      await one(context, method, source, destination, mode, signal);
      return undefined;
    } catch (error) {
      return { href: hrefOf(context, source, false), status: viewOf(error).status };
    }
  }, signal);
  const failed = failures.filter((failure) => failure !== undefined);
  return failed.length > 0 ? multistatusOf(failed) : new Response(null, { status: existed ? 204 : 201 });
}

async function one(
  context: GatewayContext,
  method: string,
  from: Path,
  to: Path,
  mode: CopyMode,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (method === "COPY") await context.store.copy(from, to, { mode, signal });
    else await context.store.rename(from, to, { mode, signal });
  } catch (error) {
    if (error instanceof AlreadyExistsError) throw new HttpFailure(412, "Something exists there already");
    throw error;
  }
}

function destinationOf(context: GatewayContext, request: Request): Target {
  const value = request.headers.get("destination");
  if (value === null) throw new HttpFailure(400, "The destination header is missing");
  const source = new URL(request.url);
  if (value.startsWith("/")) return parseTarget(source.origin + value, context.basePath);
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    throw new HttpFailure(400, "The destination is not a URL");
  }
  // The scheme is not compared: behind a proxy that ends TLS the two differ.
  if (url.host !== (request.headers.get("host") ?? source.host) && url.host !== source.host) {
    throw new HttpFailure(502, "The destination is on another server");
  }
  return parseTarget(value, context.basePath);
}

function overwriteOf(request: Request): boolean {
  const value = (request.headers.get("overwrite") ?? "T").trim().toUpperCase();
  if (value !== "T" && value !== "F") throw new HttpFailure(400, "The overwrite header must be T or F");
  return value === "T";
}
