/** Running a WebAssembly component in the page: the form, its output, its requests. */
import { AllowEditor } from "./allow_editor.ts";
import { parseEnvironment, splitArguments } from "./arguments.ts";
import { ConsoleView } from "./console.ts";
import { announce, byId, fill, h, icon, messageOf } from "../page/dom.ts";
import { formatDuration, formatSize } from "../page/format.ts";
import type { Failure, FromWorker, Interface, RunRequest } from "./messages.ts";
import { GuestSession } from "./session.ts";
import { RequestLog } from "./request_log.ts";

const MIB = 2 ** 20;

/** See the file's head. */
export class GuestView {
  readonly #session = new GuestSession((message) => this.#take(message));
  readonly #allow = new AllowEditor();
  readonly #console = new ConsoleView((bytes) => this.#session.shown(bytes));
  readonly #requests = new RequestLog((entry) => this.#allow.add(entry));
  readonly #run = byId<HTMLButtonElement>("run-start");
  readonly #stop = byId<HTMLButtonElement>("run-stop");
  #guest: { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> } | undefined;
  #clock: ReturnType<typeof setInterval> | undefined;

  /** In the page's view. */
  constructor() {
    byId("guest-choose").addEventListener("click", () => byId("guest-file").click());
    byId<HTMLInputElement>("guest-file").addEventListener("change", async (event) => {
      const input = event.target as HTMLInputElement;
      const [file] = input.files ?? [];
      if (file !== undefined) await this.loadFile(file);
      input.value = "";
    });
    byId("run-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#start();
    });
    this.#stop.addEventListener("click", () => {
      this.#stop.disabled = true;
      this.#session.stop();
    });
    byId("guest-args").addEventListener("input", () => this.#showArguments());
    // Known before anything is chosen: whoever lacks JSPI should not have to find out at the end.
    byId("no-jspi").hidden = "Suspending" in WebAssembly;
    this.#showArguments();
  }

  /** The store that the page is connected to, for the allow-list. */
  suggest(origin: string | undefined): void {
    this.#allow.suggest(origin);
  }

  /** Takes a file of the user's. */
  async loadFile(file: File): Promise<void> {
    this.load(file.name, new Uint8Array(await file.arrayBuffer()));
  }

  /** Takes a component. */
  load(name: string, bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#session.running) this.#session.stop();
    this.#guest = { name, bytes };
    this.#run.disabled = true;
    fill(
      byId("guest-card"),
      icon("chip", "icon large"),
      h(
        "div",
        {},
        h("strong", {}, name),
        h("p", { class: "hint", id: "guest-about" }, `${formatSize(bytes.length)}, loading…`),
      ),
    );
    this.#showArguments();
    fill(byId("guest-imports"));
    announce(`Loading ${name}`);
    this.#session.inspect(name, bytes);
  }

  #start(): void {
    if (this.#guest === undefined || this.#session.running) return;
    let run: RunRequest;
    try {
      run = { ...this.#guest, ...this.#settings() };
      byId("run-problem").textContent = "";
    } catch (error) {
      byId("run-problem").textContent = messageOf(error);
      return;
    }
    this.#console.clear();
    this.#requests.clear();
    this.#setRunning(true);
    this.#state("busy", "Starting");
    // On a small screen it is below the form.
    byId("run-output").scrollIntoView({ block: "nearest" });
    this.#session.run(run);
  }

  #settings(): Omit<RunRequest, "name" | "bytes"> {
    const value = (id: string) => byId<HTMLInputElement>(id).value;
    const seconds = Number(value("guest-timeout"));
    const memory = Number(value("guest-memory"));
    return {
      args: splitArguments(value("guest-args")),
      env: parseEnvironment(value("guest-env")),
      stdin: value("guest-stdin"),
      net: this.#allow.entries(),
      ...(seconds > 0 ? { timeout: seconds * 1000 } : {}),
      ...(memory > 0 ? { memory: memory * MIB } : {}),
    };
  }

  #take(message: FromWorker): void {
    switch (message.type) {
      case "inspected":
        this.#showGuest(message.imports, message.exports);
        break;
      case "inspect-failed":
        this.#showLoadFailure(message.error);
        break;
      case "started":
        this.#state("busy", "Running");
        this.#tick(performance.now());
        break;
      case "output":
        this.#console.write(message.fd, message.bytes);
        break;
      case "exited":
        this.#console.flush();
        this.#setRunning(false);
        this.#state(
          message.exitCode === 0 ? "good" : "bad",
          `Exit code ${message.exitCode}`,
          formatDuration(message.elapsed),
        );
        announce(`The guest ended with exit code ${message.exitCode}`);
        break;
      case "failed":
        this.#showRunFailure(message.error);
        break;
      default:
        this.#requests.take(message);
    }
  }

  #showGuest(imports: readonly Interface[], exports: readonly Interface[]): void {
    const { name, bytes } = this.#guest!;
    const command = exports.some((one) => one.name === "wasi:cli/run");
    const missing = imports.filter(({ provided }) => provided === false);
    byId("guest-about").textContent = `${formatSize(bytes.length)}, ${
      command ? "a command" : "not a command: it exports no wasi:cli/run"
    }`;
    // One line a package: which interfaces of it are used says little to most people.
    const packages = Map.groupBy(imports, ({ name }) => name.replace(/\/.*/, ""));
    fill(
      byId("guest-imports"),
      ...[...packages].map(([pack, list]) =>
        h(
          "li",
          {
            class: `chip ${list.some(({ provided }) => provided === false) ? "bad" : ""}`,
            title: list.map(({ name, version }) => `${name}${version ? `@${version}` : ""}`).join("\n"),
          },
          h("code", {}, pack),
        )
      ),
    );
    this.#run.disabled = !command || missing.length > 0;
    byId("run-problem").textContent = missing.length === 0
      ? ""
      : `Nobody provides ${missing.map(({ name }) => name).join(", ")}`;
    this.#state("idle", "Ready");
    announce(`${name} is ready`);
    // Not from under the hands of somebody who already writes arguments.
    if (!this.#run.disabled && !isTyping()) this.#run.focus();
  }

  #showLoadFailure(error: Failure): void {
    byId("guest-about").textContent = `${formatSize(this.#guest?.bytes.length ?? 0)}, cannot be run`;
    this.#fail("Not loaded", error);
  }

  #showRunFailure(error: Failure): void {
    const limit = error.name === "GuestLimitError";
    this.#setRunning(false);
    this.#fail(limit ? "Ended" : error.name === "GuestTrapError" ? "Trapped" : "Failed", error);
  }

  #fail(word: string, { name, message }: Failure): void {
    this.#console.note(`${name}: ${message}`, "bad");
    this.#console.flush();
    this.#state("bad", word);
    announce(`${word}. ${message}`);
  }

  #showArguments(): void {
    const line = byId<HTMLInputElement>("guest-args").value;
    const target = byId("guest-argv");
    try {
      const args = splitArguments(line);
      const name = this.#guest?.name;
      fill(target, ...[...(name === undefined ? [] : [name]), ...args].map((arg) => h("code", {}, arg)));
      target.classList.remove("wrong");
    } catch (error) {
      target.textContent = messageOf(error);
      target.classList.add("wrong");
    }
  }

  #setRunning(running: boolean): void {
    this.#run.hidden = running;
    this.#stop.hidden = !running;
    this.#stop.disabled = false;
    byId("run-output").setAttribute("aria-busy", String(running));
    clearInterval(this.#clock);
    // The button that had the focus has gone.
    (running ? this.#stop : this.#run).focus();
  }

  #tick(started: number): void {
    clearInterval(this.#clock);
    this.#clock = setInterval(
      () => byId("run-time").textContent = formatDuration(performance.now() - started),
      200,
    );
  }

  #state(className: string, text: string, time = ""): void {
    const badge = byId("run-state");
    badge.className = `badge ${className}`;
    badge.textContent = text;
    byId("run-time").textContent = time;
  }
}

/** Whether the focus is in a field that text is written into. */
function isTyping(): boolean {
  return document.activeElement?.matches("input:not([type=file]), textarea") ?? false;
}
