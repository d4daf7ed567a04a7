/** What stands around the list: the store's name, the way to the folder, and what went wrong. */
import { button, byId, fill, h, icon, messageOf, nameOf } from "../page/dom.ts";
import { formatPlace } from "../page/place.ts";
import type { Connected } from "../stores/stores.ts";

/** Shows which store it is, and hides what cannot be done with it. */
export function drawStore({ label, readOnly, settings }: Connected): void {
  fill(
    byId("store"),
    icon(settings.kind === "s3" ? "bucket" : settings.kind === "memory" ? "chip" : "globe"),
    h("span", { class: "label" }, label),
    readOnly && h("span", { class: "badge" }, "read only"),
  );
  byId("store").setAttribute(
    "aria-label",
    `Store: ${label}${readOnly ? ", read only" : ""}. Connect another`,
  );
  for (const element of document.querySelectorAll<HTMLElement>("[data-writes]")) element.hidden = readOnly;
}

/** Shows the way from the root to a folder. */
export function drawCrumbs({ label }: Connected, folder: string): void {
  const segments = folder === "" ? [] : folder.split("/");
  const items = ["", ...segments].map((segment, i) => {
    const path = segments.slice(0, i).join("/");
    const last = i === segments.length;
    return h(
      "li",
      {},
      h(
        "a",
        {
          href: formatPlace({ view: "objects", folder: path }),
          "aria-current": last ? "location" : undefined,
          title: i === 0 ? label : path,
        },
        i === 0 && icon("home"),
        i === 0 ? h("span", { class: "visually-hidden" }, "Root") : segment,
      ),
    );
  });
  fill(byId("crumbs"), ...items);
}

/** Shows what went wrong in the list's place, and what can be done; nothing went wrong without an error. */
export function drawProblem(
  error: unknown,
  actions?: { readonly retry: () => unknown; readonly connect: () => unknown },
): void {
  const target = byId("list-problem");
  target.hidden = error === undefined;
  if (error === undefined) return fill(target);
  byId("empty").hidden = true;
  fill(
    target,
    icon("alert", "icon large"),
    h("strong", {}, nameOf(error)),
    h("p", {}, messageOf(error)),
    h(
      "div",
      { class: "dialog-actions" },
      actions && button("Change the connection", actions.connect),
      actions && button("Try again", actions.retry, { class: "button primary" }),
    ),
  );
}
