/** Text, a piece at a time, and JSON, indented and coloured. */
import { button, fill, h, messageOf } from "../page/dom.ts";
import { formatSize } from "../page/format.ts";
import type { Source } from "./source.ts";

/** Bytes of text read at a time. */
const PIECE = 128 * 1024;
/** The largest JSON that is laid out: it must be read whole. */
export const JSON_LIMIT = 2 * 2 ** 20;

/** Shows the beginning of a text, and more of it when asked. */
export async function showText(target: HTMLElement, source: Source): Promise<void> {
  const decoder = new TextDecoder();
  const text = h("pre", { class: "text", tabindex: "0", "aria-label": "Text" });
  const more = h("div", { class: "more" });
  let at = 0;
  const load = async (): Promise<void> => {
    const end = Math.min(at + PIECE, source.size);
    if (end > at) text.append(decoder.decode(await source.read(at, end), { stream: end < source.size }));
    at = end;
    fill(
      more,
      at < source.size && h("span", { class: "hint" }, `${formatSize(at)} of ${formatSize(source.size)}`),
      at < source.size && button("Load more", () => load().catch((error) => fill(more, messageOf(error)))),
    );
  };
  await load();
  fill(
    target,
    source.size === 0 && h("p", { class: "hint" }, "The object is empty."),
    source.size > 0 && text,
    more,
  );
}

/** Shows JSON laid out; as the text that it is where it does not parse. */
export async function showJson(target: HTMLElement, source: Source): Promise<void> {
  if (source.size > JSON_LIMIT) return await showText(target, source);
  const text = new TextDecoder().decode(
    source.size === 0 ? new Uint8Array(0) : await source.read(0, source.size),
  );
  let laidOut: string;
  try {
    laidOut = JSON.stringify(JSON.parse(text), undefined, 2);
  } catch (error) {
    fill(
      target,
      h("p", { class: "hint wrong" }, `Not valid JSON: ${messageOf(error)}`),
      h("pre", { class: "text", tabindex: "0", "aria-label": "Text" }, text),
    );
    return;
  }
  fill(target, h("pre", { class: "text json", tabindex: "0", "aria-label": "JSON" }, ...coloured(laidOut)));
}

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;
/** Above this colours cost more than they give. */
const COLOURED_LIMIT = 200_000;

function coloured(json: string): (Node | string)[] {
  if (json.length > COLOURED_LIMIT) return [json];
  const parts: (Node | string)[] = [];
  let at = 0;
  for (const match of json.matchAll(TOKEN)) {
    const [whole, string, colon, word, number] = match;
    parts.push(json.slice(at, match.index));
    at = match.index + whole.length;
    if (string !== undefined) {
      parts.push(h("span", { class: colon === undefined ? "j-string" : "j-key" }, string), colon ?? "");
    } else parts.push(h("span", { class: number === undefined ? "j-word" : "j-number" }, word ?? number));
  }
  parts.push(json.slice(at));
  return parts;
}
