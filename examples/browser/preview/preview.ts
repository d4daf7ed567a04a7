/** The pane beside the list: what an object is, and what is in it. */
import type { ObjectStore } from "@storeport/storeport";
import { announce, button, byId, fill, h, icon, messageOf, nameOf } from "../page/dom.ts";
import { formatBytes, formatSize } from "../page/format.ts";
import { imageType, type Kind, kindByBytes, kindByName } from "./kind.ts";
import { fileName } from "../page/place.ts";
import { showHex } from "./hex.ts";
import type { Source } from "./source.ts";
import { JSON_LIMIT, showJson, showText } from "./text.ts";
import type { Connected } from "../stores/stores.ts";

/** What the buttons of the pane do. */
export interface PreviewActions {
  download(path: string, size: number): void;
  rename(path: string): void;
  remove(path: string): void;
  run(name: string, bytes: Uint8Array<ArrayBuffer>): void;
  close(): void;
}

/** Read to find out what an object is. */
const HEAD = 4096;
/** Larger ones are shown only when asked: they are read whole. */
const WHOLE_LIMIT = 64 * 2 ** 20;

type Mode = "image" | "media" | "json" | "text" | "hex";
const MODE_LABELS: Readonly<Record<Mode, string>> = {
  image: "Image",
  media: "Play",
  json: "JSON",
  text: "Text",
  hex: "Hex",
};

/** See the file's head. */
export class Preview {
  readonly #pane = byId("preview");
  readonly #actions: PreviewActions;
  #controller = new AbortController();
  #url: string | undefined;
  #path: string | undefined;

  /** In the page's pane. */
  constructor(actions: PreviewActions) {
    this.#actions = actions;
  }

  /** Path of the object shown. */
  get path(): string | undefined {
    return this.#path;
  }

  /** Closes the pane. */
  hide(): void {
    this.#release();
    this.#path = undefined;
    this.#pane.hidden = true;
    fill(this.#pane);
  }

  /** Shows an object. */
  async show(connected: Connected, path: string): Promise<void> {
    this.#release();
    this.#path = path;
    this.#pane.hidden = false;
    const { signal } = this.#controller;
    const body = h("div", { class: "preview-body", "aria-busy": "true" }, h("div", { class: "spinner" }));
    fill(this.#pane, this.#head(path), body);
    try {
      const found = await read(connected.store, path, signal);
      if (signal.aborted) return;
      this.#fill(connected, path, found, body);
      announce(`Preview of ${fileName(path)}, ${formatSize(found.size)}`);
    } catch (error) {
      if (signal.aborted) return;
      fill(body, problem(error));
      announce(messageOf(error));
    }
    body.removeAttribute("aria-busy");
  }

  #head(path: string): HTMLElement {
    return h(
      "header",
      { class: "preview-head" },
      h("h2", { title: path }, fileName(path)),
      button("Close preview", () => this.#actions.close(), {
        icon: "close",
        class: "icon-button",
        bare: true,
      }),
    );
  }

  #fill(connected: Connected, path: string, found: Found, body: HTMLElement): void {
    const { store, readOnly } = connected;
    const source: Source = {
      size: found.size,
      // Pinned to the version that was looked at: a page of bytes from another one would make no sense.
      read: (start, end) => readPart(store, path, start, end, found.eTag, this.#controller.signal),
    };
    const kind = found.kind;
    const modes = modesOf(kind, found.size);
    const content = h("div", { class: "content", role: "tabpanel", id: "preview-content" });
    const tabs = h("div", { class: "tabs", role: "tablist", "aria-label": "View" });
    const select = (mode: Mode): void => {
      for (const tab of tabs.children) {
        const selected = (tab as HTMLElement).dataset.mode === mode;
        tab.setAttribute("aria-selected", String(selected));
        tab.setAttribute("tabindex", selected ? "0" : "-1");
      }
      this.#render(mode, content, source, connected, path, found).catch((error) => {
        if (!this.#controller.signal.aborted) fill(content, problem(error));
      });
    };
    tabs.append(...modes.map((mode) =>
      h("button", {
        type: "button",
        role: "tab",
        "data-mode": mode,
        "aria-controls": "preview-content",
        on: { click: () => select(mode) },
      }, MODE_LABELS[mode])
    ));
    tabs.addEventListener("keydown", (event) => {
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      const at = [...tabs.children].indexOf(document.activeElement!);
      const next = tabs.children[at + step] as HTMLElement | undefined;
      if (step === 0 || next === undefined) return;
      next.focus();
      next.click();
    });
    fill(
      body,
      h(
        "div",
        { class: "preview-actions" },
        button("Download", () => this.#actions.download(path, found.size), { icon: "download" }),
        kind === "wasm" && found.size <= WHOLE_LIMIT &&
          button("Run", async () => this.#actions.run(fileName(path), await source.read(0, found.size)), {
            icon: "play",
          }),
        !readOnly && button("Rename", () => this.#actions.rename(path), { icon: "rename" }),
        !readOnly && button("Delete", () => this.#actions.remove(path), { icon: "trash" }),
      ),
      facts(connected, path, found),
      modes.length > 1 && tabs,
      content,
    );
    select(modes[0]!);
  }

  async #render(
    mode: Mode,
    target: HTMLElement,
    source: Source,
    connected: Connected,
    path: string,
    found: Found,
  ): Promise<void> {
    if (mode === "hex") return await showHex(target, source);
    if (mode === "text") return await showText(target, source);
    if (mode === "json") return await showJson(target, source);
    const { signal } = this.#controller;
    const { body } = await connected.store.get(path, { signal, ifMatch: strong(found.eTag) });
    const type = mode === "image" ? imageType(path, found.contentType) : found.contentType ?? "";
    const blob = await new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>, {
      headers: { "content-type": type },
    }).blob();
    if (signal.aborted) return;
    this.#url = URL.createObjectURL(blob);
    if (mode === "image") {
      // As an image nothing in it runs, scripts of an SVG included.
      const image = h("img", { src: this.#url, alt: fileName(path) });
      const size = h("p", { class: "hint" });
      image.addEventListener(
        "load",
        () => size.textContent = `${image.naturalWidth} × ${image.naturalHeight}`,
      );
      image.addEventListener(
        "error",
        () => fill(target, h("p", { class: "hint wrong" }, "Not a valid image.")),
      );
      fill(target, h("div", { class: "checkered" }, image), size);
    } else {
      fill(target, h(found.kind === "video" ? "video" : "audio", { src: this.#url, controls: true }));
    }
  }

  #release(): void {
    this.#controller.abort();
    this.#controller = new AbortController();
    if (this.#url !== undefined) URL.revokeObjectURL(this.#url);
    this.#url = undefined;
  }
}

interface Found {
  readonly kind: Kind;
  readonly size: number;
  readonly time: Date;
  readonly eTag?: string;
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What an object is: its attributes and its first bytes come with one request. */
async function read(store: ObjectStore, path: string, signal: AbortSignal): Promise<Found> {
  let result;
  try {
    result = await store.get(path, { range: { start: 0, end: HEAD }, signal });
  } catch (error) {
    if (nameOf(error) !== "InvalidRangeError") throw error;
    // There is no first byte of an empty object.
    result = await store.get(path, { signal });
  }
  const bytes = await result.bytes();
  const { meta, attributes } = result;
  return {
    kind: kindByName(path, attributes.contentType) ?? kindByBytes(bytes),
    size: meta.size,
    time: meta.lastModified,
    eTag: meta.eTag,
    contentType: attributes.contentType,
    metadata: attributes.metadata,
  };
}

async function readPart(
  store: ObjectStore,
  path: string,
  start: number,
  end: number,
  eTag: string | undefined,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  return await (await store.get(path, { range: { start, end }, ifMatch: strong(eTag), signal })).bytes();
}

/** Weak tags match nothing. */
function strong(eTag: string | undefined): string | undefined {
  return eTag?.startsWith("W/") ? undefined : eTag;
}

function modesOf(kind: Kind, size: number): readonly Mode[] {
  const whole = size <= WHOLE_LIMIT;
  if (kind === "image" && whole) return ["image", "hex"];
  if ((kind === "audio" || kind === "video") && whole) return ["media", "hex"];
  if (kind === "json") return size <= JSON_LIMIT ? ["json", "text", "hex"] : ["text", "hex"];
  return kind === "text" ? ["text", "hex"] : ["hex", "text"];
}

function facts({ urlOf }: Connected, path: string, found: Found): HTMLElement {
  const line = (name: string, value: string | Node | undefined) =>
    value === undefined ? [] : [h("dt", {}, name), h("dd", {}, value)];
  const url = urlOf?.(path);
  return h(
    "dl",
    { class: "facts" },
    ...line("Size", `${formatSize(found.size)}${found.size < 1024 ? "" : ` (${formatBytes(found.size)})`}`),
    ...line("Modified", found.time.getTime() === 0 ? undefined : found.time.toLocaleString()),
    ...line("Type", found.contentType),
    ...line("ETag", found.eTag === undefined ? undefined : h("code", {}, found.eTag)),
    ...Object.entries(found.metadata ?? {}).flatMap(([name, value]) => line(name, value)),
    ...line("URL", url === undefined ? undefined : h("code", { class: "url" }, url)),
  );
}

function problem(error: unknown): HTMLElement {
  return h(
    "div",
    { class: "problem" },
    icon("alert"),
    h("strong", {}, nameOf(error)),
    h("p", {}, messageOf(error)),
  );
}
