/**
 * The XML of services. The parser is heavy and needed by listings only, so stores load this file by dynamic import:
 *
 * ```ts ignore
 * const { parseXml } = await import("../common/xml.ts");
 * ```
 */
import { XMLParser } from "fast-xml-parser";

/** An element with children: by name without namespace prefix, a list where asked for. Attributes are not kept. */
export interface XmlElement {
  readonly [name: string]: XmlValue | readonly XmlValue[] | undefined;
}
/** An element's content: its text where it has no child elements. */
export type XmlValue = string | XmlElement;

/** What to expect of a document. */
export interface XmlShape {
  /** Name of the root element, without prefix. */
  readonly root: string;
  /** Elements that may repeat. */
  readonly lists?: readonly string[];
}

/** A document that is not the XML expected. */
export class XmlError extends Error {
  override readonly name = "XmlError";
}

const parsers = new Map<string, XMLParser>();

function parserFor(lists: readonly string[]): XMLParser {
  const key = lists.join();
  let parser = parsers.get(key);
  if (parser === undefined) {
    const repeated = new Set(lists);
    parser = new XMLParser({
      ignoreAttributes: true,
      ignoreDeclaration: true,
      removeNSPrefix: true,
      // Keys may look like numbers and may begin or end with spaces.
      parseTagValue: false,
      trimValues: false,
      processEntities: true,
      // Numeric references (`&#13;`) are only decoded together with HTML's names.
      htmlEntities: true,
      isArray: (name) => repeated.has(name),
    });
    parsers.set(key, parser);
  }
  return parser;
}

/**
 * Parses a document and returns its root element.
 *
 * @throws {XmlError} when it is cut short, has another root, or a document type (no service sends one, and
 *   entities declared in it could grow without bound).
 */
export function parseXml(text: string, shape: XmlShape): XmlElement {
  const { root, lists = [] } = shape;
  if (/<!DOCTYPE/i.test(text)) throw new XmlError("Document holds a document type, which is not accepted");
  // The parser forgives a missing end; a listing cut short must not pass for a short listing.
  const end = /<(\/?)(?:[\w.-]+:)?([\w.-]+)(?:\s[^<>]*?)?(\/?)>\s*(?:<!--[^>]*-->\s*)*$/.exec(
    text.slice(-1024),
  );
  const whole = end !== null && (end[1] === "/" || end[3] === "/");
  if (!whole || end[2] !== root) {
    throw new XmlError(`Document is not a whole <${root}>${whole ? `, it ends in <${end[2]}>` : ""}`);
  }
  let document: XmlElement;
  try {
    document = parserFor(lists).parse(text) as XmlElement;
  } catch (error) {
    throw new XmlError(`Document is not well-formed: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
  const value = document[root];
  if (value === undefined) throw new XmlError(`Document has no <${root}> at its root`);
  const element = Array.isArray(value) ? value[0] : value;
  // An empty element is parsed as its text.
  return typeof element === "string" ? {} : element as XmlElement;
}

/** The child element `name`; empty where it is missing or has only text. */
export function xmlChild(element: XmlElement, name: string): XmlElement {
  const value = element[name];
  const first = Array.isArray(value) ? value[0] : value;
  return typeof first === "object" ? first as XmlElement : {};
}

/** Whether there is a child element `name`. */
export function xmlHas(element: XmlElement, name: string): boolean {
  return element[name] !== undefined;
}

/** The child elements `name`, of those listed in {@linkcode XmlShape.lists}; elements with only text are left out. */
export function xmlChildren(element: XmlElement, name: string): readonly XmlElement[] {
  const value = element[name];
  const values = value === undefined ? [] : Array.isArray(value) ? value : [value];
  return values.filter((child): child is XmlElement => typeof child === "object");
}

/** The text of the child element `name`; `undefined` where it is missing or has child elements. */
export function xmlText(element: XmlElement, name: string): string | undefined {
  const value = element[name];
  const first = Array.isArray(value) ? value[0] : value;
  return typeof first === "string" ? first : undefined;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\r": "&#13;",
};

/** Text as the content of an element or an attribute in double quotes. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"\r]/g, (character) => ESCAPES[character]!);
}
