/** Any object as bytes, a page at a time by ranged reads: its size does not matter. */
import { button, fill, h, messageOf } from "../page/dom.ts";
import { formatBytes } from "../page/format.ts";
import type { Source } from "./source.ts";

const ROW = 16;
const PAGE = 64 * ROW;

/** Shows the bytes of `source` from the start. */
export async function showHex(target: HTMLElement, source: Source): Promise<void> {
  const table = h("pre", { class: "hex", tabindex: "0", "aria-label": "Bytes" });
  const where = h("span", { class: "hint" });
  let at = 0;

  const show = async (offset: number): Promise<void> => {
    const last = Math.max(0, Math.floor((source.size - 1) / PAGE) * PAGE);
    at = Math.min(Math.max(0, Math.floor(offset / ROW) * ROW), Math.max(0, source.size - 1));
    at -= at % ROW;
    const end = Math.min(at + PAGE, source.size);
    const bytes = end === 0 ? new Uint8Array(0) : await source.read(at, end);
    fill(table, ...rows(bytes, at));
    where.textContent = end === 0
      ? "No bytes"
      : `${at.toLocaleString("en")}–${end.toLocaleString("en")} of ${formatBytes(source.size)}`;
    first.disabled = previous.disabled = at === 0;
    next.disabled = end === source.size;
    final.disabled = at >= last;
  };
  const go = (offset: () => number) => () =>
    show(offset()).catch((error) => where.textContent = messageOf(error));
  const options = { class: "icon-button", bare: true } as const;
  const first = button("First page", go(() => 0), { ...options, icon: "first" });
  const previous = button("Page before", go(() => at - PAGE), { ...options, icon: "left" });
  const next = button("Next page", go(() => at + PAGE), { ...options, icon: "right" });
  const final = button("Last page", go(() => Math.floor((source.size - 1) / PAGE) * PAGE), {
    ...options,
    icon: "last",
  });
  const offset: HTMLInputElement = h("input", {
    type: "text",
    class: "offset",
    "aria-label": "Go to offset, decimal or 0x…",
    placeholder: "Offset",
    autocomplete: "off",
    on: {
      keydown: (event: KeyboardEvent) => {
        const value = Number(offset.value.trim());
        if (event.key === "Enter" && Number.isFinite(value)) go(() => value)();
      },
    },
  });
  await show(0);
  fill(
    target,
    source.size > PAGE && h("div", { class: "pager" }, first, previous, next, final, offset),
    where,
    table,
  );
}

function rows(bytes: Uint8Array, start: number): (Node | string)[] {
  const lines: Node[] = [];
  for (let at = 0; at < bytes.length; at += ROW) {
    const row = bytes.subarray(at, at + ROW);
    const hex = Array.from({ length: ROW }, (_, i) => {
      const byte = row[i];
      return (byte === undefined ? "  " : byte.toString(16).padStart(2, "0")) + (i === 7 ? " " : "");
    }).join(" ");
    const text = Array.from(row, (byte) => byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "·").join(
      "",
    );
    lines.push(
      h(
        "span",
        { class: "hex-row" },
        h("span", { class: "hex-offset" }, (start + at).toString(16).padStart(8, "0")),
        `  ${hex}  `,
        h("span", { class: "hex-text" }, text),
        "\n",
      ),
    );
  }
  return lines;
}
