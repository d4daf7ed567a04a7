/** Reads of {@linkcode HttpStore}: plain HTTP. Loaded with the first. */
import { NotFoundError, NotSupportedError } from "../../store/error.ts";
import type { Path } from "../../store/parse_path.ts";
import type { GetOptions, GetResult } from "../../store/types.ts";
import { getObject } from "../common/get.ts";
import type { GetDialect } from "../common/get_operation.ts";
import { connectionTo, METADATA_PREFIX, STORE, urlOf } from "./client.ts";
import type { HttpServer } from "./server.ts";

const DIALECT: GetDialect = {
  store: STORE,
  metadata: METADATA_PREFIX,
  kinds: { 405: NotFoundError },
  rangeIgnored: NotSupportedError,
  follow: async (connection, request, response, path) => {
    const { follow } = await import("./redirect.ts");
    return await follow(connection.service, request, response, { store: STORE, path });
  },
};

/** GET, or HEAD with `options.head`. */
export function readObject(server: HttpServer, path: Path, options: GetOptions): Promise<GetResult> {
  return getObject(connectionTo(server), DIALECT, { path, url: urlOf(server, path) }, options);
}
