/** The list of who a guest may talk to: shown as it is, changed entry by entry, and checked as it is entered. */
import { allowList } from "@storeport/storeport/connector";
import { announce, button, byId, fill, h, messageOf } from "../page/dom.ts";

/** See the file's head. */
export class AllowEditor {
  readonly #input = byId<HTMLInputElement>("allow-input");
  readonly #hint = byId("allow-hint");
  #entries: readonly string[] = [];
  #suggestion: string | undefined;

  /** In the page's form, with nothing allowed. */
  constructor() {
    this.#input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#addTyped();
    });
    this.#input.addEventListener("input", () => this.#say(""));
    byId("allow-add").addEventListener("click", () => this.#addTyped());
    this.#draw();
  }

  /** Who is allowed. What was typed and not added yet counts, so that it is not lost when the guest is run. */
  entries(): readonly string[] {
    if (this.#input.value.trim() !== "" && !this.#addTyped()) {
      throw new SyntaxError(this.#hint.textContent ?? "");
    }
    return this.#entries;
  }

  /**
   * Adds an entry.
   *
   * @throws for what `allowList` does not take.
   */
  add(entry: string): void {
    allowList([entry]);
    if (!this.#entries.includes(entry)) this.#entries = [...this.#entries, entry];
    this.#draw();
    announce(`${entry} is allowed`);
  }

  /** Offers an entry at one click: the store that the page is connected to. */
  suggest(entry: string | undefined): void {
    this.#suggestion = entry;
    const offer = byId<HTMLButtonElement>("allow-store");
    offer.textContent = `Allow ${entry}`;
    offer.onclick = () => {
      if (entry !== undefined) this.add(entry);
      // The button goes with its purpose.
      this.#input.focus();
    };
    this.#draw();
  }

  #addTyped(): boolean {
    const entry = this.#input.value.trim();
    if (entry === "") return false;
    try {
      this.add(entry);
      this.#input.value = "";
      this.#say("");
      return true;
    } catch (error) {
      this.#say(messageOf(error));
      this.#input.focus();
      return false;
    }
  }

  #say(wrong: string): void {
    this.#hint.textContent = wrong;
    this.#hint.classList.toggle("wrong", wrong !== "");
    this.#input.setAttribute("aria-invalid", String(wrong !== ""));
  }

  #draw(): void {
    const suggestion = this.#suggestion;
    byId("allow-store").hidden = suggestion === undefined || this.#entries.includes(suggestion);
    fill(
      byId("allow-list"),
      this.#entries.length === 0 && h("li", { class: "none" }, "Nobody: every request will be refused"),
      ...this.#entries.map((entry) =>
        h(
          "li",
          { class: "chip" },
          h("code", {}, entry),
          button(`Remove ${entry}`, () => {
            this.#entries = this.#entries.filter((other) => other !== entry);
            this.#draw();
            this.#input.focus();
            announce(`${entry} is no longer allowed`);
          }, { icon: "close", class: "icon-button small", bare: true }),
        )
      ),
    );
  }
}
