/**
 * Reads error documents as S3 and its compatibles write them: an `Error` element with text elements in it and nothing
 * else. A page that is told "not found" then needs no XML parser, which is larger than all else that it has loaded.
 */
import type { XmlElement } from "../../common/xml.ts";

// Only what is certain to mean the same to every parser. XML 1.1 has other references, and carriage returns are
// normalised.
const START =
  /^(?:<\?xml version="1\.0"(?: encoding="[\w-]{1,20}")?(?: standalone="(?:yes|no)")?\?>\s*)?<Error(?: xmlns="[^"<>&\r]*")?>/;
// deno-lint-ignore no-control-regex -- control characters are left to the parser
const CHILD = /[\t\n ]*<([A-Z][A-Za-z0-9]*)>([^<>\x00-\x08\x0b-\x1f\x7f]*)<\/\1>/y;
const END = /^[\t\n ]*<\/Error>$/;
const REFERENCE = /&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,5})|#x([0-9a-fA-F]{1,4}));/g;
const CHARACTERS: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
/** A parser bounds how many it expands. */
const MAX_REFERENCES = 100;

/**
 * The children of a flat error document, without whitespace around it; `undefined` for anything else, which is for the
 * parser to read.
 */
export function readFlatError(document: string): XmlElement | undefined {
  const start = START.exec(document);
  if (start === null) return undefined;
  const element: Record<string, string> = {};
  let references = 0;
  let at = CHILD.lastIndex = start[0].length;
  for (let child = CHILD.exec(document); child !== null; child = CHILD.exec(document)) {
    at = CHILD.lastIndex;
    const [, name, text] = child as unknown as [string, string, string];
    const parts = text.split("&").length - 1;
    references += parts;
    // Twice the same is a list.
    if (references > MAX_REFERENCES || Object.hasOwn(element, name)) return undefined;
    const value = parts === 0 ? text : decode(text, parts);
    if (value === undefined) return undefined;
    element[name] = value;
  }
  return END.test(document.slice(at)) ? element : undefined;
}

/** Text with its references decoded; `undefined` where one is not among those known, or no ordinary character. */
function decode(text: string, ampersands: number): string | undefined {
  let known = 0;
  const decoded = text.replace(REFERENCE, (_, name?: string, decimal?: string, hex?: string) => {
    if (name !== undefined) {
      known++;
      return CHARACTERS[name]!;
    }
    const code = decimal === undefined ? parseInt(hex!, 16) : Number(decimal);
    if (
      code === 9 || code === 10 || code === 13 || code >= 0x20 && code < 0x7f || code >= 0xa0 && code < 0xd800
    ) known++;
    return String.fromCharCode(code);
  });
  return known === ampersands ? decoded : undefined;
}
