/** What a guest writes, as it comes. */
import { byId, fill, h } from "./dom.ts";

/** Characters kept on the screen; what is older goes. */
const KEPT = 400_000;
// deno-lint-ignore no-control-regex
const ESCAPES = /\u001b\[[0-9;?]*[A-Za-z]|\u001b\][^\u0007]*\u0007/g;

/** See the file's head. */
export class ConsoleView {
  readonly #element = byId("console");
  #decoders: Record<1 | 2, TextDecoder> = { 1: new TextDecoder(), 2: new TextDecoder() };
  #last: { fd: 1 | 2; text: Text } | undefined;
  #length = 0;

  /** Empties it. */
  clear(): void {
    fill(this.#element);
    this.#decoders = { 1: new TextDecoder(), 2: new TextDecoder() };
    this.#last = undefined;
    this.#length = 0;
  }

  /** Adds output; the view follows it unless the user has scrolled away. */
  write(fd: 1 | 2, bytes: Uint8Array): void {
    const text = this.#decoders[fd].decode(bytes, { stream: true }).replace(ESCAPES, "");
    if (text === "") return;
    const { scrollTop, scrollHeight, clientHeight } = this.#element;
    const follows = scrollTop + clientHeight >= scrollHeight - 8;
    if (this.#last?.fd === fd) this.#last.text.appendData(text);
    else {
      const node = document.createTextNode(text);
      this.#element.append(fd === 2 ? wrapped(node, "stderr") : wrapped(node, "stdout"));
      this.#last = { fd, text: node };
    }
    this.#length += text.length;
    this.#shorten();
    if (follows) this.#element.scrollTop = this.#element.scrollHeight;
  }

  /** A line of the page's own, apart from what the guest wrote. */
  note(text: string, className: string): void {
    this.#element.append(h("span", { class: `note ${className}` }, `${text}\n`));
    this.#last = undefined;
    this.#element.scrollTop = this.#element.scrollHeight;
  }

  #shorten(): void {
    while (this.#length > KEPT && this.#element.firstChild !== null) {
      const first = this.#element.firstChild;
      const text = first.firstChild as Text;
      const over = this.#length - KEPT;
      if (text.length <= over && first !== this.#element.lastChild) {
        this.#length -= text.length;
        first.remove();
      } else {
        text.deleteData(0, over);
        this.#length -= over;
      }
    }
  }
}

function wrapped(node: Text, className: string): HTMLElement {
  const span = h("span", { class: className });
  span.append(node);
  return span;
}
