/** Making elements, and speaking to screen readers. */

/** Something that can stand in an element; what is not there is left out. */
export type Child = Node | string | number | false | null | undefined;

/** Attributes, and listeners under `on`. `true` is an attribute without value, `false` and `undefined` are none. */
export interface Props {
  readonly on?: Readonly<Record<string, (event: never) => unknown>>;
  readonly [attribute: string]: unknown;
}

/** Makes an element. Text stays text: nothing is ever parsed as markup. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "on") {
      for (const [type, listener] of Object.entries(value as NonNullable<Props["on"]>)) {
        element.addEventListener(type, listener as EventListener);
      }
    } else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  append(element, children);
  return element;
}

/** Replaces what is in an element. */
export function fill(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren();
  append(element, children);
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === undefined || child === null || child === false) continue;
    element.append(typeof child === "number" ? String(child) : child);
  }
}

/** One of the icons in the page's sprite; for the eye only. */
export function icon(name: string, className = "icon"): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** A button with an icon and, unless it is for the eye only, a label. */
export function button(
  label: string,
  onClick: (event: MouseEvent) => unknown,
  options: { readonly icon?: string; readonly class?: string; readonly bare?: boolean } & Props = {},
): HTMLButtonElement {
  const { icon: iconName, bare, class: className = "button", ...props } = options;
  return h(
    "button",
    {
      type: "button",
      class: className,
      ...props,
      ...(bare ? { "aria-label": label, title: label } : {}),
      on: { click: onClick },
    },
    iconName !== undefined && icon(iconName),
    !bare && h("span", {}, label),
  );
}

/** The element of that id, which the page has. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`The page has no element "${id}"`);
  return element as T;
}

/** Says something to who cannot see that it happened. */
export function announce(text: string): void {
  const region = byId("status");
  // The same text twice would not be read twice.
  region.textContent = region.textContent === text ? `${text}\u00a0` : text;
}

/** A message in the corner: a failure stays until it is dismissed, news go by themselves. */
export function notify(text: string, kind: "info" | "error" = "info"): void {
  const toast: HTMLElement = h(
    "div",
    { class: `toast ${kind}`, role: kind === "error" ? "alert" : "status" },
    icon(kind === "error" ? "alert" : "check"),
    h("span", {}, text),
    button("Dismiss", (): void => toast.remove(), { icon: "close", class: "icon-button", bare: true }),
  );
  byId("toasts").append(toast);
  if (kind === "info") setTimeout(() => toast.remove(), 5000);
}

/** What went wrong, in the error's own words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The name of an error's class, for people who know it. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "Error";
}

/** Whether a key was pressed where it writes text. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  return target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}
