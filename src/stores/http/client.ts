/** Talking to the server of {@linkcode HttpStore}. Loaded with the first request. */
import type { Path } from "../../store/parse_path.ts";
import type { Connection } from "../common/connection.ts";
import { connectionOf, encodePath } from "../common/core.ts";
import type { HttpServer } from "./server.ts";

export { STORE } from "./server.ts";

/** Before the names of user metadata; our gateway keeps them, other servers do not. */
export const METADATA_PREFIX = "x-storeport-meta-";

/** The connection to a server, made when it is first asked for. */
export function connectionTo({ connection, authorize }: HttpServer): Connection {
  return connection.opened ?? connectionOf(connection, () => authorize);
}

/** URL of an object, or of a collection. */
export function urlOf(
  { base: { origin, path: basePath } }: HttpServer,
  path: Path,
  collection = false,
): string {
  const slash = collection && path !== "" ? "/" : "";
  return `${origin}${basePath}/${encodePath(path)}${slash}`;
}
