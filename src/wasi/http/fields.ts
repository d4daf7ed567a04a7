/** `wasi:http/types.fields`: header and trailer fields. */
import { Resource } from "../abi/handles.ts";
import { WitError } from "../abi/lower.ts";
import { bytesToLatin1, type HeaderEntry, type HeaderList, latin1ToBytes } from "../../http/headers.ts";
import { isFieldValue, isToken } from "../../http/header_syntax.ts";
import type { Instance } from "../instance.ts";

/** Headers that describe a connection, or that the host makes: no guest may set or see them. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "host",
  "http2-settings",
]);

/** What an entry counts besides its bytes. */
const ENTRY_OVERHEAD = 32;
const DIGITS = /^[0-9]+$/;
const MAX_U64 = 2n ** 64n - 1n;

const invalidSyntax = new WitError({ tag: "invalid-syntax" });
const forbidden = new WitError({ tag: "forbidden" });
const immutable = new WitError({ tag: "immutable" });

/** The size of a list of fields as limits count it. */
export function sectionSize(entries: HeaderList): number {
  let size = 0;
  for (const [name, value] of entries) size += name.length + value.length + ENTRY_OVERHEAD;
  return size;
}

/** Whether guests of `instance` may not touch `name`. */
export function isForbidden(instance: Instance, name: string): boolean {
  const lower = name.toLowerCase();
  return FORBIDDEN.has(lower) || instance.capabilities.forbiddenHeaders.has(lower);
}

/** `fields`, of which `headers` and `trailers` are other names. */
export class Fields extends Resource {
  readonly #instance: Instance;
  #entries: HeaderEntry[];
  #size: number;
  #mutable: boolean;

  private constructor(instance: Instance, entries: HeaderEntry[], mutable: boolean) {
    super();
    this.#instance = instance;
    this.#entries = entries;
    this.#size = sectionSize(entries);
    this.#mutable = mutable;
  }

  /** Without entries, to be filled by the guest. */
  static empty(instance: Instance): Fields {
    return new Fields(instance, [], true);
  }

  /** Made by the guest in one call, which fails whole. */
  static fromList(instance: Instance, entries: readonly (readonly [string, Uint8Array])[]): Fields {
    const fields = Fields.empty(instance);
    for (const [name, value] of entries) {
      fields.#checkName(name);
      fields.#push(name, fields.#checkValue(name, value));
    }
    return fields;
  }

  /** Received by the host: immutable, forbidden ones left out, names in lower case as guests expect them. */
  static received(instance: Instance, headers: HeaderList): Fields {
    const entries: HeaderEntry[] = [];
    for (const [name, value] of headers) {
      if (!isForbidden(instance, name)) entries.push([name.toLowerCase(), value]);
    }
    return new Fields(instance, entries, false);
  }

  /** The entries, for sending. */
  get list(): HeaderList {
    return this.#entries;
  }

  /** Handed to a request or response: no change any more. */
  freeze(): this {
    this.#mutable = false;
    return this;
  }

  /** A copy that cannot be changed. */
  snapshot(): Fields {
    return new Fields(this.#instance, [...this.#entries], false);
  }

  /** `clone`: a copy that can be changed, whatever this is. */
  clone(): Fields {
    return new Fields(this.#instance, [...this.#entries], true);
  }

  /** `get` */
  get(name: string): Uint8Array[] {
    const wanted = name.toLowerCase();
    return this.#entries.filter(([key]) => key.toLowerCase() === wanted).map(([, value]) =>
      latin1ToBytes(value)
    );
  }

  /** `has` */
  has(name: string): boolean {
    const wanted = name.toLowerCase();
    return this.#entries.some(([key]) => key.toLowerCase() === wanted);
  }

  /** `set`; no values delete the field. */
  set(name: string, values: readonly Uint8Array[]): void {
    this.#checkChange(name);
    const checked = values.map((value) => this.#checkValue(name, value));
    this.#remove(name);
    for (const value of checked) this.#push(name, value);
  }

  /** `delete` */
  delete(name: string): void {
    this.#checkChange(name);
    this.#remove(name);
  }

  /** `append` */
  append(name: string, value: Uint8Array): void {
    this.#checkChange(name);
    this.#push(name, this.#checkValue(name, value));
  }

  /** `entries` */
  entries(): [string, Uint8Array][] {
    return this.#entries.map(([name, value]) => [name, latin1ToBytes(value)]);
  }

  /** The order of the checks is wasmtime's: syntax, forbidden, mutability, then the value. */
  #checkChange(name: string): void {
    this.#checkName(name);
    if (!this.#mutable) throw immutable;
  }

  #checkName(name: string): void {
    if (!isToken(name)) throw invalidSyntax;
    if (isForbidden(this.#instance, name)) throw forbidden;
  }

  #checkValue(name: string, value: Uint8Array): string {
    const text = bytesToLatin1(value);
    if (!isFieldValue(text)) throw invalidSyntax;
    if (name.toLowerCase() === "content-length" && !(DIGITS.test(text) && BigInt(text) <= MAX_U64)) {
      throw invalidSyntax;
    }
    return text;
  }

  #push(name: string, value: string): void {
    this.#size += name.length + value.length + ENTRY_OVERHEAD;
    const limit = this.#instance.limits.fieldBytes;
    if (this.#size > limit) {
      throw this.#instance.limit(
        "fields",
        `total size of fields exceeds limit: ${this.#size} of ${limit} bytes`,
      );
    }
    this.#entries.push([name, value]);
  }

  #remove(name: string): void {
    const wanted = name.toLowerCase();
    this.#entries = this.#entries.filter(([key]) => key.toLowerCase() !== wanted);
    this.#size = sectionSize(this.#entries);
  }
}

/**
 * The declared length of a body; `undefined` for none.
 *
 * @throws {RangeError} for declarations that contradict each other or that no body can have.
 */
export function declaredLength(entries: HeaderList): number | undefined {
  let declared: number | undefined;
  for (const [name, value] of entries) {
    if (name.toLowerCase() !== "content-length") continue;
    const length = Number(value);
    if (!Number.isSafeInteger(length) || declared !== undefined && declared !== length) {
      throw new RangeError("Contradictory or impossible content-length");
    }
    declared = length;
  }
  return declared;
}
