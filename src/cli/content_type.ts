/** Content types by file name, for stores that keep none. */
import { Mime } from "mime/lite";
import standard from "mime/types/standard.js";

/** To the registry `.ts` is MPEG video; in the folders that people serve with this it is not. */
const TYPES = new Mime(standard).define({ "text/typescript": ["ts", "mts", "cts", "tsx"] }, true);

/** The type that a name's ending stands for. Text is taken for UTF-8, as nearly all of it is. */
export function contentTypeOf(path: string): string | undefined {
  const type = TYPES.getType(path);
  if (type === null) return undefined;
  return type.startsWith("text/") ? `${type}; charset=utf-8` : type;
}
