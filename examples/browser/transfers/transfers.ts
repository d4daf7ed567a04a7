/** What is on its way, in the corner: progress, cancelling, and what to do about a failure. */
import { announce, button, byId, fill, h, icon, messageOf } from "../page/dom.ts";
import { count, formatSize } from "../page/format.ts";

/** What a job is told of, and tells. */
export interface JobContext {
  /** Aborts when the user cancels. */
  readonly signal: AbortSignal;
  /** Tells how far it is: bytes, or items. */
  progress(done: number, total?: number): void;
}

/** Something that takes a while. */
export interface Job {
  /** Its icon. */
  readonly icon: "upload" | "download" | "trash" | "rename";
  /** What it is about: an object's name. */
  readonly name: string;
  /** What `progress` counts. */
  readonly unit?: "bytes" | "items";
  /** Does it; resolves with a word on how it went, if there is one. */
  run(context: JobContext): Promise<string | void>;
  /** A failure in other words than the error's. */
  explain?(error: unknown): string | undefined;
  /** What the user may choose after a failure, besides trying again. */
  choices?(error: unknown): readonly Choice[];
}

/** A way out of a failure. */
export interface Choice {
  readonly label: string;
  /** The job that takes this one's place; none to give it up. */
  readonly job?: Job;
}

type State = "waiting" | "running" | "done" | "failed" | "cancelled";

/** Jobs under way at once. */
const CONCURRENCY = 3;
/** The screen is not touched more often than this, in milliseconds. */
const FRAME = 100;

/** See the file's head. */
export class Transfers {
  readonly #waiting: Item[] = [];
  readonly #items = new Set<Item>();
  #running = 0;

  /** Shows what is added; calls `onSettled` after each job. */
  constructor(private readonly onSettled: () => void) {
    byId("transfers-clear").addEventListener("click", () => this.#clear());
    byId("transfers-toggle").addEventListener(
      "click",
      () => this.#expand(byId("transfer-list").hidden === true),
    );
    byId("transfers-cancel").addEventListener("click", () => {
      for (const item of [...this.#items]) item.cancel();
    });
  }

  /** Whether anything is under way: leaving the page would end it. */
  get busy(): boolean {
    return this.#running > 0 || this.#waiting.length > 0;
  }

  /** Starts jobs, some at a time, in order. */
  add(jobs: readonly Job[]): void {
    for (const job of jobs) this.#add(job);
    if (jobs.length > 0) this.#expand(true);
    this.#next();
  }

  #expand(expanded: boolean): void {
    byId("transfer-list").hidden = !expanded;
    byId("transfers-toggle").setAttribute("aria-expanded", String(expanded));
  }

  #add(job: Job, before?: Item): void {
    const item = new Item(job, (choice) => this.#choose(item, choice));
    this.#items.add(item);
    this.#waiting.push(item);
    if (before === undefined) byId("transfer-list").append(item.element);
    else {
      before.element.replaceWith(item.element);
      this.#items.delete(before);
    }
  }

  #choose(item: Item, choice: Choice): void {
    if (choice.job === undefined) {
      item.element.remove();
      this.#items.delete(item);
      this.#summarize();
      return;
    }
    this.#add(choice.job, item);
    this.#next();
  }

  #next(): void {
    while (this.#running < CONCURRENCY && this.#waiting.length > 0) {
      const item = this.#waiting.shift()!;
      if (item.state !== "waiting") continue;
      this.#running++;
      item.start().finally(() => {
        this.#running--;
        if (item.state === "done") this.onSettled();
        this.#next();
      });
    }
    this.#summarize();
  }

  #clear(): void {
    for (const item of this.#items) {
      if (item.state === "waiting" || item.state === "running") continue;
      item.element.remove();
      this.#items.delete(item);
    }
    this.#summarize();
  }

  #summarize(): void {
    const number = (state: State) => [...this.#items].filter((item) => item.state === state).length;
    const open = number("running") + number("waiting");
    const failed = number("failed");
    const done = number("done");
    const parts = [
      open > 0 && `${open} under way`,
      failed > 0 && `${failed} failed`,
      (done > 0 || open + failed === 0) && `${done} done`,
    ].filter((part) => part !== false);
    byId("transfers-summary").textContent = parts.join(", ");
    byId("transfers-cancel").hidden = open === 0;
    byId("transfers-clear").hidden = done + failed + number("cancelled") === 0;
    byId("transfers").hidden = this.#items.size === 0;
    if (open === 0 && this.#items.size > 0) {
      announce(failed > 0 ? `${count(failed, "transfer")} failed` : `${count(done, "transfer")} done`);
    }
  }
}

/** One line of the panel. */
class Item {
  readonly element: HTMLLIElement;
  readonly #job: Job;
  readonly #controller = new AbortController();
  readonly #bar = h("progress", { max: 1, value: 0 });
  readonly #note = h("span", { class: "note" }, "waiting");
  readonly #actions = h("span", { class: "actions" });
  readonly #choose: (choice: Choice) => void;
  #state: State = "waiting";
  #drawn = 0;

  constructor(job: Job, choose: (choice: Choice) => void) {
    this.#job = job;
    this.#choose = choose;
    this.#bar.setAttribute("aria-label", job.name);
    this.element = h(
      "li",
      { class: "transfer waiting" },
      icon(job.icon),
      h("span", { class: "name", title: job.name }, job.name),
      this.#note,
      this.#actions,
      this.#bar,
    );
    fill(
      this.#actions,
      button(`Cancel ${job.name}`, () => this.cancel(), { icon: "close", class: "icon-button", bare: true }),
    );
  }

  get state(): State {
    return this.#state;
  }

  cancel(): void {
    if (this.#state === "waiting") this.#settle("cancelled", "cancelled");
    this.#controller.abort(new DOMException("Cancelled", "AbortError"));
  }

  async start(): Promise<void> {
    this.#settle("running", "");
    const { signal } = this.#controller;
    try {
      const word = await this.#job.run({ signal, progress: (done, total) => this.#progress(done, total) });
      this.#settle("done", word ?? "done");
    } catch (error) {
      if (signal.aborted) this.#settle("cancelled", "cancelled");
      else this.#fail(error);
    }
  }

  #progress(done: number, total: number | undefined): void {
    const now = performance.now();
    if (now - this.#drawn < FRAME && done !== total) return;
    this.#drawn = now;
    const show = this.#job.unit === "items" ? String : formatSize;
    if (total === undefined) this.#bar.removeAttribute("value");
    else this.#bar.value = total === 0 ? 1 : done / total;
    this.#note.textContent = total === undefined ? show(done) : `${show(done)} of ${show(total)}`;
  }

  #fail(error: unknown): void {
    this.#settle("failed", this.#job.explain?.(error) ?? messageOf(error));
    const choices = [
      ...this.#job.choices?.(error) ?? [{ label: "Try again", job: this.#job }],
      { label: "Dismiss" },
    ];
    fill(
      this.#actions,
      ...choices.map((choice) => button(choice.label, () => this.#choose(choice), { class: "button small" })),
    );
  }

  #settle(state: State, note: string): void {
    this.#state = state;
    this.element.className = `transfer ${state}`;
    this.#note.textContent = note;
    this.#note.title = note;
    if (state === "running") return;
    this.#bar.hidden = true;
    fill(this.#actions);
  }
}
