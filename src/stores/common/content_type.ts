/** Which content type an object is put with. */
import type { ClientOptions } from "../../http/options.ts";

/**
 * The content type of an object that was given none: by the suffix of its file name (text after the last dot),
 * else the client's default, else `undefined`.
 */
export function contentTypeFor(path: string, client: ClientOptions | undefined): string | undefined {
  const types = client?.contentTypes;
  if (types !== undefined) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const dot = name.lastIndexOf(".");
    const suffix = dot < 0 ? "" : name.slice(dot + 1);
    if (suffix !== "" && Object.hasOwn(types, suffix)) return types[suffix];
  }
  return client?.defaultContentType;
}
