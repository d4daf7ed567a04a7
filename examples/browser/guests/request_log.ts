/** The requests of a guest: those that went out, and those that the allow-list refused. */
import { button, byId, fill, h, icon } from "../page/dom.ts";
import { formatDuration, formatSize } from "../page/format.ts";
import type { FromWorker } from "./messages.ts";

/** See the file's head. */
export class RequestLog {
  readonly #body = byId("requests-body");
  readonly #rows = new Map<number, { readonly status: HTMLElement; readonly detail: HTMLElement }>();
  readonly #allow: (entry: string) => void;
  #sent = 0;
  #refused = 0;

  /** `allow` is called when the user lets a refused origin through for the next run. */
  constructor(allow: (entry: string) => void) {
    this.#allow = allow;
  }

  /** Empties it. */
  clear(): void {
    fill(this.#body);
    this.#rows.clear();
    this.#sent = this.#refused = 0;
    this.#summarize();
  }

  /** Takes what concerns requests of what the worker says. */
  take(message: FromWorker): void {
    switch (message.type) {
      case "request": {
        const status = h("td", { class: "status" }, "…");
        const detail = h("td", { class: "detail" });
        this.#rows.set(message.id, { status, detail });
        this.#body.append(
          h(
            "tr",
            {},
            status,
            h("td", { class: "target" }, h("b", {}, message.method), " ", message.url),
            detail,
          ),
        );
        this.#sent++;
        break;
      }
      case "response": {
        const row = this.#rows.get(message.id);
        if (row === undefined) return;
        fill(
          row.status,
          h("span", { class: `badge ${message.status < 400 ? "good" : "bad"}` }, message.status),
        );
        row.detail.textContent = formatDuration(message.elapsed);
        break;
      }
      case "request-end": {
        const row = this.#rows.get(message.id);
        if (row) row.detail.textContent = `${formatSize(message.bytes)}, ${formatDuration(message.elapsed)}`;
        break;
      }
      case "request-failed": {
        const row = this.#rows.get(message.id);
        if (row === undefined) return;
        fill(row.status, h("span", { class: "badge bad" }, "failed"));
        row.detail.textContent = message.message;
        break;
      }
      case "denied":
        this.#refuse(message.url, message.message);
        break;
      default:
        return;
    }
    this.#summarize();
  }

  #refuse(url: string, message: string): void {
    this.#refused++;
    const origin = originOf(url);
    this.#body.append(
      h(
        "tr",
        { class: "refused" },
        h("td", { class: "status" }, h("span", { class: "badge bad" }, icon("shield"), "refused")),
        h("td", { class: "target" }, url, h("small", {}, message)),
        h(
          "td",
          { class: "detail" },
          origin !== undefined &&
            button(`Allow ${origin}`, () => this.#allow(origin), { class: "button small" }),
        ),
      ),
    );
  }

  #summarize(): void {
    byId("requests").hidden = this.#sent + this.#refused === 0;
    byId("requests-summary").textContent = `${this.#sent} sent, ${this.#refused} refused`;
  }
}

function originOf(url: string): string | undefined {
  try {
    return new URL(url).origin;
  } catch {
    return undefined;
  }
}
