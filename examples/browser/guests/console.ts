/** What a guest writes, as it comes. */
import { byId, fill, h } from "../page/dom.ts";

/** Characters kept on the screen; what is older goes. */
const KEPT = 300_000;
/** Characters in a block. Blocks out of sight cost no layout. */
const BLOCK = 8_000;
/** Output is drawn no more often than this, in milliseconds: layout is what takes time, not text. */
const FRAME = 30;
// deno-lint-ignore no-control-regex
const ESCAPES = /\u001b\[[0-9;?]*[A-Za-z]|\u001b\][^\u0007]*\u0007/g;

interface Block {
  readonly element: HTMLElement;
  length: number;
}

/** See the file's head. */
export class ConsoleView {
  readonly #element = byId("console");
  readonly #onShown: (bytes: number) => void;
  #decoders: Record<1 | 2, TextDecoder> = { 1: new TextDecoder(), 2: new TextDecoder() };
  #pending: { readonly className: string; readonly text: string; readonly bytes: number }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #blocks: Block[] = [];
  #length = 0;

  /** `onShown` is told how many bytes have been drawn. */
  constructor(onShown: (bytes: number) => void) {
    this.#onShown = onShown;
  }

  /** Empties it. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pending = [];
    this.#decoders = { 1: new TextDecoder(), 2: new TextDecoder() };
    this.#blocks = [];
    this.#length = 0;
    fill(this.#element);
  }

  /** Adds output. */
  write(fd: 1 | 2, bytes: Uint8Array): void {
    const text = this.#decoders[fd].decode(bytes, { stream: true }).replace(ESCAPES, "");
    this.#queue(fd === 1 ? "stdout" : "stderr", text, bytes.length);
  }

  /** A line of the page's own, apart from what the guest wrote. */
  note(text: string, className: string): void {
    this.#queue(`note ${className}`, `${text}\n`, 0);
  }

  /** Draws what is waiting, now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const pending = this.#pending;
    this.#pending = [];
    const { scrollTop, scrollHeight, clientHeight } = this.#element;
    // It follows the output unless the user has scrolled away from its end.
    const follows = scrollTop + clientHeight >= scrollHeight - 8;
    let bytes = 0;
    for (const piece of pending) {
      this.#append(piece.className, piece.text);
      bytes += piece.bytes;
    }
    this.#shorten();
    if (follows) this.#element.scrollTop = this.#element.scrollHeight;
    if (bytes > 0) this.#onShown(bytes);
  }

  #queue(className: string, text: string, bytes: number): void {
    this.#pending.push({ className, text, bytes });
    this.#timer ??= setTimeout(() => this.flush(), FRAME);
  }

  #append(className: string, text: string): void {
    for (let rest = text; rest !== "";) {
      let block = this.#blocks.at(-1);
      if (block === undefined || block.length >= BLOCK) block = this.#open();
      const room = BLOCK - block.length;
      // Blocks end with a line where they can: their end is drawn as one.
      const end = rest.length <= room ? rest.length : rest.lastIndexOf("\n", room - 1) + 1 || room;
      this.#extend(block, className, rest.slice(0, end));
      if (rest.length > room) block.length = BLOCK;
      rest = rest.slice(end);
    }
  }

  #extend(block: Block, className: string, text: string): void {
    const last = block.element.lastElementChild;
    if (last?.className === className) last.firstChild!.textContent += text;
    else block.element.append(h("span", { class: className }, text));
    block.length += text.length;
    this.#length += text.length;
  }

  #open(): Block {
    const block = { element: h("div", { class: "console-block" }), length: 0 };
    this.#blocks.push(block);
    this.#element.append(block.element);
    return block;
  }

  #shorten(): void {
    while (this.#length > KEPT && this.#blocks.length > 1) {
      const { element } = this.#blocks.shift()!;
      this.#length -= element.textContent!.length;
      element.remove();
    }
  }
}
