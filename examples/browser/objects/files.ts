/** The list of a folder: a grid that mouse and keyboard work alike. */
import { announce, button, byId, fill, h, icon } from "../page/dom.ts";
import { count, formatSize, formatTime } from "../page/format.ts";
import { iconOf } from "../preview/kind.ts";
import type { Entry } from "./operations.ts";
import { fileName, formatPlace } from "../page/place.ts";

/** What happens to entries. */
export interface FilesActions {
  open(entry: Entry): void;
  up(): void;
  remove(entries: readonly Entry[]): void;
  rename(entry: Entry): void;
  download(entries: readonly Entry[]): void;
  closePreview(): void;
}

type SortKey = "name" | "size" | "time";

/** An entry on the screen. */
interface Row {
  readonly entry: Entry;
  readonly row: HTMLTableRowElement;
  readonly box: HTMLInputElement;
}

/** Rows drawn at once; the rest comes when asked for. */
const SHOWN = 500;
const PAGE = 10;
const NATURAL = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** See the file's head. */
export class Files {
  readonly #table = byId("files");
  readonly #body = byId("rows");
  readonly #actions: FilesActions;
  #entries: readonly Entry[] = [];
  #rows: Row[] = [];
  readonly #selected = new Set<string>();
  #sort: { key: SortKey; descending: boolean } = { key: "name", descending: false };
  #shown = SHOWN;
  #cursor = 0;
  #anchor = 0;
  #current: string | undefined;

  /** In the page's table. */
  constructor(actions: FilesActions) {
    this.#actions = actions;
    this.#table.addEventListener("keydown", (event) => this.#onKey(event));
    byId("filter").addEventListener("input", () => this.#draw());
    byId("select-all").addEventListener("change", (event) => {
      this.#selectAll((event.target as HTMLInputElement).checked);
    });
    for (const header of this.#table.querySelectorAll<HTMLElement>("th[data-sort]")) {
      header.querySelector("button")!.addEventListener(
        "click",
        () => this.#sortBy(header.dataset.sort as SortKey),
      );
    }
  }

  /** Shows a folder's entries; the selection stays as far as what was selected is still there. */
  show(entries: readonly Entry[], options: { readonly keep: boolean }): void {
    this.#entries = entries;
    if (!options.keep) {
      this.#selected.clear();
      this.#shown = SHOWN;
      this.#cursor = this.#anchor = 0;
      (byId("filter") as HTMLInputElement).value = "";
    }
    const there = new Set(entries.map(({ path }) => path));
    for (const path of this.#selected) if (!there.has(path)) this.#selected.delete(path);
    this.#draw();
  }

  /** Entries that are selected, in the order shown; without a selection, the one under the cursor if it has focus. */
  get chosen(): readonly Entry[] {
    if (this.#selected.size > 0) return this.#entries.filter(({ path }) => this.#selected.has(path));
    const at = this.#rows[this.#cursor];
    return at !== undefined && at.row.contains(document.activeElement) ? [at.entry] : [];
  }

  /** Marks the entry that is previewed. */
  mark(path: string | undefined): void {
    this.#current = path;
    for (const { entry, row } of this.#rows) row.classList.toggle("current", entry.path === path);
  }

  /** Moves the focus into the list, to the entry of that path if it is there. */
  focus(path?: string): void {
    const at = path === undefined ? -1 : this.#rows.findIndex(({ entry }) => entry.path === path);
    this.#move(at >= 0 ? at : this.#cursor, false);
  }

  /** Clears the selection. */
  clear(): void {
    this.#selectAll(false);
  }

  #draw(): void {
    const wanted = (byId("filter") as HTMLInputElement).value.trim().toLowerCase();
    const matching = this.#entries.filter(({ path }) => fileName(path).toLowerCase().includes(wanted));
    const sorted = [...matching].sort((a, b) => this.#compare(a, b));
    const focused = this.#body.contains(document.activeElement);
    const under = this.#rows[this.#cursor]?.entry.path;
    this.#rows = sorted.slice(0, this.#shown).map((entry, i) => this.#row(entry, i));
    const found = this.#rows.findIndex(({ entry }) => entry.path === under);
    this.#cursor = found >= 0 ? found : Math.max(0, Math.min(this.#cursor, this.#rows.length - 1));
    const rest = sorted.length - this.#rows.length;
    fill(this.#body, ...this.#rows.map(({ row }) => row), rest > 0 && this.#moreRow(rest));
    this.#table.setAttribute("aria-rowcount", String(sorted.length + 1));
    byId("count").textContent = this.#entries.length === 0
      ? ""
      : wanted === ""
      ? count(sorted.length, "item")
      : `${sorted.length} of ${count(this.#entries.length, "item")}`;
    byId("empty").hidden = sorted.length > 0;
    byId("empty-text").textContent = wanted === "" ? "Nothing here yet" : "Nothing matches the filter";
    byId("empty-hint").hidden = wanted !== "";
    this.#table.hidden = sorted.length === 0;
    this.#updateTabStops();
    this.#showSelection();
    this.#showSort();
    if (focused) this.#rows[this.#cursor]?.row.focus();
    if (wanted !== "") announce(`${sorted.length} of ${count(this.#entries.length, "item")} shown`);
  }

  #row(entry: Entry, index: number): Row {
    const name = fileName(entry.path);
    const folder = entry.kind === "folder";
    const href = formatPlace(
      folder ? { view: "objects", folder: entry.path } : { view: "objects", folder: "", object: entry.path },
    );
    const box: HTMLInputElement = h("input", {
      type: "checkbox",
      tabindex: "-1",
      "aria-label": `Select ${name}`,
      on: { change: () => this.#toggle(entry.path, box.checked) },
    });
    const row: HTMLTableRowElement = h(
      "tr",
      {
        role: "row",
        tabindex: "-1",
        "aria-rowindex": index + 2,
        class: `${entry.kind}${entry.path === this.#current ? " current" : ""}`,
        on: {
          click: (event: MouseEvent) => this.#onClick(event, index),
          focus: () => this.#cursor = index,
        },
      },
      h("td", { role: "gridcell", class: "box" }, box),
      h(
        "td",
        { role: "gridcell", class: "name" },
        icon(folder ? "folder" : iconOf(name)),
        h("a", { href, tabindex: "-1", title: name, draggable: "false" }, name),
      ),
      h("td", { role: "gridcell", class: "size" }, folder ? "–" : formatSize(entry.size)),
      h(
        "td",
        { role: "gridcell", class: "time", title: folder ? "" : entry.time.toLocaleString() },
        folder ? "–" : formatTime(entry.time),
      ),
    );
    return { entry, row, box };
  }

  #moreRow(rest: number): HTMLElement {
    const label = `Show ${Math.min(rest, SHOWN).toLocaleString("en")} more of ${rest.toLocaleString("en")}`;
    const more = button(label, () => {
      this.#shown += SHOWN;
      this.#draw();
    });
    return h("tr", { class: "more-row" }, h("td", { colspan: "4" }, more));
  }

  #compare(a: Entry, b: Entry): number {
    // Folders stay on top, whatever is sorted by.
    if (a.kind !== b.kind) return a.kind === "folder" ? -1 : 1;
    const { key, descending } = this.#sort;
    const names = NATURAL.compare(fileName(a.path), fileName(b.path));
    const order = key === "name"
      ? names
      : key === "size"
      ? a.size - b.size
      : a.time.getTime() - b.time.getTime();
    return (descending ? -order : order) || names;
  }

  #sortBy(key: SortKey): void {
    const same = this.#sort.key === key;
    // The largest and the latest are what people look for first.
    this.#sort = { key, descending: same ? !this.#sort.descending : key !== "name" };
    this.#draw();
  }

  #showSort(): void {
    for (const header of this.#table.querySelectorAll<HTMLElement>("th[data-sort]")) {
      const { key, descending } = this.#sort;
      const direction = descending ? "descending" : "ascending";
      header.setAttribute("aria-sort", header.dataset.sort === key ? direction : "none");
    }
  }

  #onClick(event: MouseEvent, index: number): void {
    const target = event.target as HTMLElement;
    if (target.closest("input") !== null) {
      this.#cursor = this.#anchor = index;
      return;
    }
    // Links are left to the browser where it would open them elsewhere.
    if (target.closest("a") !== null && (event.ctrlKey || event.metaKey || event.button === 1)) return;
    event.preventDefault();
    this.#move(index, false);
    if (event.shiftKey) this.#selectRange(this.#anchor, index);
    else if (event.ctrlKey || event.metaKey) this.#toggle(this.#rows[index]!.entry.path);
    else {
      this.#anchor = index;
      this.#actions.open(this.#rows[index]!.entry);
    }
  }

  #onKey(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (target.tagName === "INPUT" && event.key === " ") return;
    if (!this.#body.contains(target)) return;
    const at = this.#rows[this.#cursor];
    if (at === undefined) return;
    const command = event.ctrlKey || event.metaKey;
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: PAGE,
      PageUp: -PAGE,
      Home: -this.#rows.length,
      End: this.#rows.length,
    };
    const step = steps[event.key];
    if (step !== undefined && !event.altKey) this.#move(this.#cursor + step, event.shiftKey);
    else if (event.key === "Enter" && target.tagName !== "BUTTON") this.#actions.open(at.entry);
    else if (event.key === " ") this.#toggle(at.entry.path);
    else if (event.key === "Backspace") this.#actions.up();
    else if (event.key === "Delete") this.#actions.remove(this.chosen);
    else if (event.key === "F2") this.#actions.rename(at.entry);
    else if (command && event.key.toLowerCase() === "a") this.#selectAll(true);
    else if (!command && event.key.toLowerCase() === "d") this.#actions.download(this.chosen);
    else if (event.key === "Escape") {
      if (this.#selected.size > 0) this.#selectAll(false);
      else this.#actions.closePreview();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #move(index: number, select: boolean): void {
    this.#cursor = Math.max(0, Math.min(index, this.#rows.length - 1));
    if (select) this.#selectRange(this.#anchor, this.#cursor);
    else this.#anchor = this.#cursor;
    this.#updateTabStops();
    const row = this.#rows[this.#cursor]?.row;
    row?.focus();
    row?.scrollIntoView({ block: "nearest" });
  }

  /** One row at a time is in the order of Tab. */
  #updateTabStops(): void {
    for (const [i, { row }] of this.#rows.entries()) row.tabIndex = i === this.#cursor ? 0 : -1;
  }

  #toggle(path: string, on = !this.#selected.has(path)): void {
    if (on) this.#selected.add(path);
    else this.#selected.delete(path);
    this.#showSelection();
  }

  #selectRange(from: number, to: number): void {
    this.#selected.clear();
    for (let i = Math.min(from, to); i <= Math.max(from, to); i++) {
      this.#selected.add(this.#rows[i]!.entry.path);
    }
    this.#showSelection();
  }

  #selectAll(on: boolean): void {
    this.#selected.clear();
    for (const { entry } of on ? this.#rows : []) this.#selected.add(entry.path);
    this.#showSelection();
  }

  #showSelection(): void {
    for (const { entry, row, box } of this.#rows) {
      const selected = this.#selected.has(entry.path);
      row.setAttribute("aria-selected", String(selected));
      box.checked = selected;
    }
    const chosen = this.#entries.filter(({ path }) => this.#selected.has(path));
    const size = chosen.reduce((sum, entry) => sum + entry.size, 0);
    const text = chosen.length === 0
      ? ""
      : `${chosen.length} selected${size > 0 ? `, ${formatSize(size)}` : ""}`;
    byId("selection").hidden = chosen.length === 0;
    byId("selection-text").textContent = text;
    (byId("selection-rename") as HTMLButtonElement).disabled = chosen.length !== 1;
    (byId("selection-download") as HTMLButtonElement).disabled = !chosen.some(({ kind }) =>
      kind === "object"
    );
    const all = byId("select-all") as HTMLInputElement;
    all.checked = chosen.length > 0 && chosen.length === this.#rows.length;
    all.indeterminate = chosen.length > 0 && !all.checked;
    if (text !== "") announce(text);
  }
}
