/** The dialog that asks which store to work with. */
import { button, byId, fill, h, icon } from "../page/dom.ts";
import type { GatewayInfo, Settings } from "./stores.ts";

interface Field {
  readonly name: string;
  readonly label: string;
  readonly type?: "text" | "url" | "password";
  readonly placeholder?: string;
  readonly hint?: string;
  readonly required?: boolean;
}

type Kind = Settings["kind"];

const KINDS: readonly {
  readonly kind: Kind;
  readonly icon: string;
  readonly label: string;
  readonly text: string;
}[] = [
  { kind: "http", icon: "globe", label: "HTTP", text: "A storeport gateway, or another WebDAV server" },
  { kind: "s3", icon: "bucket", label: "S3", text: "Amazon S3, R2, MinIO and their like" },
  { kind: "memory", icon: "chip", label: "Memory", text: "In this page, gone with it: to try things" },
];

const FIELDS: Readonly<Record<Kind, readonly Field[]>> = {
  http: [
    { name: "url", label: "URL", type: "url", placeholder: "https://host/path/", required: true },
    { name: "token", label: "Bearer token", type: "password" },
    { name: "username", label: "User name" },
    { name: "password", label: "Password", type: "password" },
  ],
  s3: [
    { name: "bucket", label: "Bucket", required: true },
    {
      name: "endpoint",
      label: "Endpoint",
      type: "url",
      placeholder: "https://s3.example.com",
      hint: "Empty: AWS",
    },
    { name: "region", label: "Region", placeholder: "us-east-1" },
    { name: "accessKeyId", label: "Access key id", hint: "Empty: requests are not signed" },
    { name: "secretAccessKey", label: "Secret access key", type: "password" },
    { name: "sessionToken", label: "Session token", type: "password" },
  ],
  memory: [],
};

/** Opens a store with what was entered; rejects with what is wrong with it. */
export type Connect = (settings: Settings) => Promise<void>;

/** See the file's head. */
export class ConnectDialog {
  readonly #dialog = byId<HTMLDialogElement>("connect");
  readonly #connect: Connect;
  readonly #gateway: GatewayInfo | undefined;
  #kind: Kind = "http";
  readonly #values: Record<string, string> = {};

  /** `connect` is called when the user is done; the dialog closes when it resolves. */
  constructor(connect: Connect, gateway: GatewayInfo | undefined) {
    this.#connect = connect;
    this.#gateway = gateway;
    this.#values.url = gateway?.store ?? "";
  }

  /** Shows the dialog, with the settings in use and what was wrong with them. */
  open(settings?: Settings, problem?: string): void {
    if (settings !== undefined) {
      this.#kind = settings.kind;
      Object.assign(this.#values, settings);
    }
    this.#draw(problem);
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#dialog.querySelector<HTMLInputElement>(".fields input")?.focus();
  }

  #draw(problem?: string): void {
    const error = h("p", { class: "hint wrong", role: "alert", id: "connect-error" }, problem);
    const submit = h("button", { type: "submit", class: "button primary" }, "Connect");
    const onSubmit = async (event: Event): Promise<void> => {
      event.preventDefault();
      submit.disabled = true;
      error.textContent = "";
      try {
        await this.#connect(this.#settings());
        this.#dialog.close();
      } catch (failure) {
        error.textContent = failure instanceof Error
          ? `${failure.name}: ${failure.message}`
          : String(failure);
      } finally {
        submit.disabled = false;
      }
    };
    fill(
      this.#dialog,
      h(
        "form",
        { on: { submit: onSubmit }, autocomplete: "off" },
        h("h2", { id: "connect-title" }, "Connect a store"),
        h(
          "fieldset",
          { class: "kinds" },
          h("legend", { class: "visually-hidden" }, "Kind of store"),
          ...this.#kinds(),
        ),
        h("div", { class: "fields" }, ...FIELDS[this.#kind].map((field) => this.#field(field))),
        h(
          "p",
          { class: "hint" },
          this.#kind === "memory"
            ? "Nothing leaves this page."
            : "The server must allow this page's origin (CORS), unless it serves the page itself. " +
              "What you enter stays in the memory of this page.",
        ),
        error,
        h(
          "div",
          { class: "dialog-actions" },
          this.#gateway !== undefined &&
            button("Gateway of this page", () => this.#toGateway(), { class: "button quiet" }),
          button("Cancel", () => this.#dialog.close()),
          submit,
        ),
      ),
    );
  }

  #kinds(): HTMLElement[] {
    return KINDS.map(({ kind, icon: name, label, text }) =>
      h(
        "label",
        { class: "kind" },
        h("input", {
          type: "radio",
          name: "kind",
          value: kind,
          checked: kind === this.#kind,
          on: {
            change: () => {
              this.#kind = kind;
              this.#draw();
              this.#dialog.querySelector<HTMLInputElement>(`input[value=${kind}]`)?.focus();
            },
          },
        }),
        icon(name),
        h("span", {}, h("strong", {}, label), h("small", {}, text)),
      )
    );
  }

  #field({ name, label, type = "text", placeholder, hint, required }: Field): HTMLElement {
    return h(
      "label",
      { class: "field" },
      h("span", {}, label, hint !== undefined && h("small", {}, ` ${hint}`)),
      h("input", {
        type,
        name,
        placeholder,
        required,
        value: this.#values[name] ?? "",
        spellcheck: "false",
        autocomplete: type === "password" ? "new-password" : "off",
        on: { input: (event: InputEvent) => this.#values[name] = (event.target as HTMLInputElement).value },
      }),
    );
  }

  #toGateway(): void {
    this.#kind = "http";
    this.#values.url = this.#gateway!.store;
    this.#draw();
    this.#dialog.querySelector<HTMLInputElement>(".fields input")?.focus();
  }

  #settings(): Settings {
    const entered = FIELDS[this.#kind].map(({ name }) => [name, this.#values[name]?.trim() ?? ""] as const)
      .filter(([, value]) => value !== "");
    return { kind: this.#kind, ...Object.fromEntries(entered) } as Settings;
  }
}
