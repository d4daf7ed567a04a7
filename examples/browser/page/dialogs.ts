/** Asking the user, in dialogs of the platform: they keep the focus, and Escape closes them. */
import { button, h, icon } from "./dom.ts";

/** Lines of details shown before the rest is only counted. */
const SHOWN = 6;

/** A question to be answered with yes or no. */
export interface Question {
  readonly title: string;
  readonly text: string;
  readonly details?: readonly string[];
  /** What the button that says yes is called. */
  readonly action: string;
  readonly danger?: boolean;
}

/** Asks; the safe answer has the focus. */
export async function confirm(question: Question): Promise<boolean> {
  const { details = [] } = question;
  const shown = details.slice(0, SHOWN);
  const result = await show((close) => [
    h("h2", {}, question.danger && icon("alert"), question.title),
    h("p", {}, question.text),
    details.length > 1 && h(
      "ul",
      { class: "details" },
      ...shown.map((line) => h("li", {}, line)),
      details.length > SHOWN && h("li", {}, `and ${details.length - SHOWN} more`),
    ),
    h(
      "div",
      { class: "dialog-actions" },
      button("Cancel", () => close(undefined), { autofocus: true }),
      button(question.action, () => close("yes"), {
        class: `button ${question.danger ? "danger" : "primary"}`,
      }),
    ),
  ]);
  return result === "yes";
}

/** A question to be answered with a line of text. */
export interface TextQuestion {
  readonly title: string;
  readonly label: string;
  readonly value: string;
  /** How much of the value is selected at first. */
  readonly selectTo: number;
  readonly hint?: string;
  readonly action: string;
  /** What is wrong with an answer. */
  check(value: string): string | undefined;
}

/** Asks; `undefined` when the user would rather not. */
export async function ask(question: TextQuestion): Promise<string | undefined> {
  const input = h("input", {
    type: "text",
    value: question.value,
    "aria-describedby": "ask-hint",
    autocomplete: "off",
    spellcheck: "false",
    autofocus: true,
  });
  const hint = h("p", { id: "ask-hint", class: "hint" }, question.hint);
  const answer = show((close) => {
    const submit = (event: Event): void => {
      event.preventDefault();
      const wrong = question.check(input.value);
      if (wrong === undefined) return close(input.value);
      hint.textContent = wrong;
      hint.className = "hint wrong";
      input.setAttribute("aria-invalid", "true");
      input.focus();
    };
    return [h(
      "form",
      { on: { submit } },
      h("h2", {}, question.title),
      h("label", { class: "field" }, h("span", {}, question.label), input),
      hint,
      h(
        "div",
        { class: "dialog-actions" },
        button("Cancel", () => close(undefined)),
        h("button", { type: "submit", class: "button primary" }, question.action),
      ),
    )];
  });
  input.focus();
  input.setSelectionRange(0, question.selectTo);
  return await answer;
}

const SHORTCUTS: readonly (readonly [keys: string, what: string])[] = [
  ["↑ ↓ Home End", "Move through the list"],
  ["Enter", "Open a folder, preview an object"],
  ["Backspace", "Folder above"],
  ["Space", "Select"],
  ["Shift ↑ ↓", "Select a range"],
  ["Ctrl A", "Select all"],
  ["D", "Download"],
  ["F2", "Rename"],
  ["Delete", "Delete"],
  ["U", "Upload files"],
  ["/", "Filter the folder"],
  ["R", "Reload the folder"],
  ["S", "Connect a store"],
  ["1 2", "Objects, Run"],
  ["Escape", "Clear the selection, close the preview"],
  ["?", "This list"],
];

/** Shows the keys. */
export async function showShortcuts(): Promise<void> {
  await show((close) => [
    h("h2", {}, icon("keyboard"), "Keyboard"),
    h(
      "dl",
      { class: "shortcuts" },
      ...SHORTCUTS.flatMap(([keys, what]) => [
        h("dt", {}, ...keys.split(" ").map((key) => h("kbd", {}, key))),
        h("dd", {}, what),
      ]),
    ),
    h(
      "div",
      { class: "dialog-actions" },
      button("Close", () => close(undefined), { class: "button primary", autofocus: true }),
    ),
  ]);
}

/** Shows a dialog until it closes; resolves with what it was closed with. */
function show(
  content: (close: (value: string | undefined) => void) => readonly (Node | string | false)[],
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer: string | undefined;
    const dialog: HTMLDialogElement = h("dialog", { class: "dialog" });
    const close = (value: string | undefined): void => {
      answer = value;
      dialog.close();
    };
    dialog.append(...content(close).filter((child) => child !== false));
    const heading = dialog.querySelector("h2");
    if (heading !== null) {
      heading.id = "dialog-title";
      dialog.setAttribute("aria-labelledby", heading.id);
    }
    // The platform gives the focus back to where it was.
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
