/**
 * The multistatus documents of WebDAV (RFC 4918 section 13), read as they come: a listing of a million objects is one
 * document, and must not be held whole.
 */
import {
  parseXml,
  xmlChild,
  xmlChildren,
  type XmlElement,
  XmlError,
  xmlHas,
  xmlText,
} from "../common/xml.ts";

/** One resource of a multistatus document. */
export interface DavResource {
  /** Its URL or URL path, as sent. */
  readonly href: string;
  /** Whether it is a collection. */
  readonly collection: boolean;
  /** Length in bytes. */
  readonly size?: number;
  /** When it was last written. */
  readonly lastModified?: Date;
  /** Entity tag. */
  readonly eTag?: string;
  /** A status of the resource as a whole that is not a success: it could not be looked at. */
  readonly failure?: number;
}

/** Pieces of about this many characters are handed to the parser at once. */
const PIECE = 256 * 1024;
const OPENING = /<(?:[\w.-]+:)?multistatus(?:\s[^>]*)?>/;
const FIRST_RESPONSE = /<(?:[\w.-]+:)?response[\s>]/;
const RESPONSE_END = /<\/(?:[\w.-]+:)?response\s*>/g;
const CLOSING = /^\s*(?:<(?:[\w.-]+:)?responsedescription[^]*)?<\/(?:[\w.-]+:)?multistatus\s*>\s*$/;
/** A single response larger than this is not a listing. */
const MAX_RESPONSE = 16 * 1024 * 1024;
const SHAPE = { root: "multistatus", lists: ["response", "propstat", "href"] };

/**
 * The resources of a document, in its order.
 *
 * @throws {XmlError} when it is not a multistatus document, or is truncated.
 */
export async function* readMultistatus(body: ReadableStream<Uint8Array>): AsyncGenerator<DavResource> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = "";
  let opened = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      text += done ? decoder.decode() : decoder.decode(value, { stream: true });
      if (!done && text.length < PIECE) continue;
      if (!opened) {
        const opening = OPENING.exec(text);
        if (opening === null || /<!DOCTYPE/i.test(text.slice(0, opening.index))) {
          throw new XmlError("Response is not a multistatus document");
        }
        opened = true;
        text = text.slice(opening.index + opening[0].length);
      }
      const cut = lastResponseEnd(text);
      if (cut > 0) {
        yield* parsePiece(text.slice(0, cut));
        text = text.slice(cut);
      }
      if (done) break;
      if (text.length > MAX_RESPONSE) {
        throw new XmlError("Multistatus document holds a response without an end");
      }
    }
    if (!CLOSING.test(text)) throw new XmlError("Multistatus document is cut short");
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function lastResponseEnd(text: string): number {
  let end = -1;
  for (const match of text.matchAll(RESPONSE_END)) end = match.index + match[0].length;
  return end;
}

function parsePiece(text: string): DavResource[] {
  const start = FIRST_RESPONSE.exec(text)?.index ?? 0;
  // What the prefixes stand for was declared at the root; the parser drops them and does not ask.
  const root = parseXml(`<multistatus>${text.slice(start)}</multistatus>`, SHAPE);
  return xmlChildren(root, "response").flatMap(resourcesOf);
}

function resourcesOf(response: XmlElement): DavResource[] {
  const hrefs = (response.href ?? []) as readonly (string | XmlElement)[];
  const failure = statusOf(response);
  if (failure !== undefined && failure >= 300) {
    // Then there may be many hrefs to the one status (RFC 4918 section 14.24).
    return hrefs.map((href) => ({ href: String(href).trim(), collection: false, failure }));
  }
  const href = hrefs[0];
  if (typeof href !== "string") throw new XmlError("Multistatus document holds a response without href");
  const resource: { -readonly [K in keyof DavResource]: DavResource[K] } = {
    href: href.trim(),
    collection: false,
  };
  for (const propstat of xmlChildren(response, "propstat")) {
    const status = statusOf(propstat);
    // Properties that a resource lacks come in a propstat of their own, with 404.
    if (status !== undefined && (status < 200 || status > 299)) continue;
    const prop = xmlChild(propstat, "prop");
    if (xmlHas(xmlChild(prop, "resourcetype"), "collection")) resource.collection = true;
    const size = xmlText(prop, "getcontentlength")?.trim();
    if (size !== undefined && /^\d+$/.test(size)) resource.size = Number(size);
    const time = Date.parse(xmlText(prop, "getlastmodified") ?? "");
    if (!Number.isNaN(time)) resource.lastModified = new Date(time);
    const eTag = xmlText(prop, "getetag")?.trim();
    if (eTag) resource.eTag = eTag;
  }
  return [resource];
}

function statusOf(element: XmlElement): number | undefined {
  const match = /^\s*HTTP\/[\d.]+\s+(\d{3})/i.exec(xmlText(element, "status") ?? "");
  return match === null ? undefined : Number(match[1]);
}
