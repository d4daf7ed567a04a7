/** Looking into a binary: what it is, what it imports and exports. No WebAssembly engine is asked. */
import { GuestLoadError } from "./error.ts";

/** What a component imports or exports at its outside. */
export interface ComponentItem {
  /** Full name with version: `wasi:http/types@0.2.6`, or a plain name. */
  readonly name: string;
  /** What it is. */
  readonly kind: "instance" | "function" | "type" | "component" | "module" | "value";
}

/** The outside of a component, and the names in its core modules. */
export interface ComponentOutline {
  /** Imports in order. */
  readonly imports: readonly ComponentItem[];
  /** Exports in order. */
  readonly exports: readonly ComponentItem[];
  /** Functions that its core modules import, as module and name; hints, not facts. */
  readonly coreImports: readonly (readonly [module: string, name: string])[];
  /** Functions that its core modules export; hints, not facts. */
  readonly coreExports: readonly string[];
}

class Reader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  byte(): number {
    if (this.done) throw new RangeError("Unexpected end");
    return this.bytes[this.at++]!;
  }

  /** LEB128, up to 32 bits. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) return value;
    }
    throw new RangeError("Number too long");
  }

  name(): string {
    const length = this.u32();
    const start = this.at;
    this.at += length;
    if (this.at > this.end) throw new RangeError("Unexpected end");
    return new TextDecoder().decode(this.bytes.subarray(start, this.at));
  }

  section(): { readonly id: number; readonly body: Reader } {
    const id = this.byte();
    const size = this.u32();
    const body = new Reader(this.bytes, this.at, this.at + size);
    if (body.end > this.end) throw new RangeError("Unexpected end");
    this.at = body.end;
    return { id, body };
  }
}

/** What the first eight bytes say. */
export type BinaryKind = "component" | "module" | "other";

/** Tells a component from a core module from anything else. */
export function sniff(bytes: Uint8Array): BinaryKind {
  if (bytes.length < 8 || bytes[0] !== 0 || bytes[1] !== 0x61 || bytes[2] !== 0x73 || bytes[3] !== 0x6d) {
    return "other";
  }
  const layer = bytes[6]! | bytes[7]! << 8;
  if (layer === 1) return "component";
  return layer === 0 && bytes[4] === 1 && bytes[5] === 0 ? "module" : "other";
}

/**
 * The outside of a component.
 *
 * @throws {GuestLoadError} when the binary is cut off or not well-formed.
 */
export function outline(bytes: Uint8Array): ComponentOutline {
  const found = {
    imports: [] as ComponentItem[],
    exports: [] as ComponentItem[],
    coreImports: [] as [string, string][],
    coreExports: [] as string[],
  };
  try {
    component(new Reader(bytes, 8), found, true);
  } catch (cause) {
    throw new GuestLoadError(
      "invalid-component",
      "Cannot load the guest: the component is damaged or cut off",
      { cause },
    );
  }
  return found;
}

type Found = { -readonly [K in keyof ComponentOutline]: ComponentOutline[K][number][] };

/** Sections of components: 1 a core module, 4 a nested component, 10 imports, 11 exports. */
function component(reader: Reader, found: Found, outermost: boolean): void {
  while (!reader.done) {
    const { id, body } = reader.section();
    if (id === 1) coreModule(new Reader(body.bytes, body.at + 8, body.end), found);
    else if (id === 4) component(new Reader(body.bytes, body.at + 8, body.end), found, false);
    else if (id === 10 && outermost) items(body, found.imports as ComponentItem[], false);
    else if (id === 11 && outermost) items(body, found.exports as ComponentItem[], true);
  }
}

const SORTS = ["module", "function", "value", "type", "component", "instance"] as const;

function items(reader: Reader, into: ComponentItem[], exported: boolean): void {
  for (let count = reader.u32(); count > 0; count--) {
    const form = reader.byte(); // 0 or 1; 2 carries a version suffix
    let name = reader.name();
    if (form === 2) name += reader.name();
    const sort = sortOf(reader);
    if (exported) {
      reader.u32(); // index
      if (reader.byte() === 1) description(reader, sortOf(reader));
    } else {
      description(reader, sort);
    }
    into.push({ name, kind: SORTS[sort]! });
  }
}

function sortOf(reader: Reader): number {
  const sort = reader.byte();
  if (sort === 0) reader.byte(); // a core sort follows
  if (sort >= SORTS.length) throw new RangeError("Unknown sort");
  return sort;
}

/** What follows the sort in an extern description. */
function description(reader: Reader, sort: number): void {
  if (sort === 3) {
    if (reader.byte() === 0) reader.u32(); // eq index; otherwise `sub resource`
  } else if (sort === 2) {
    if (reader.byte() === 0) reader.u32();
    else reader.u32();
  } else reader.u32();
}

/** Sections of core modules: 2 imports, 7 exports. */
function coreModule(reader: Reader, found: Found): void {
  while (!reader.done) {
    const { id, body } = reader.section();
    if (id === 2) {
      for (let count = body.u32(); count > 0; count--) {
        const module = body.name();
        const name = body.name();
        if (coreDescription(body) === 0) (found.coreImports as [string, string][]).push([module, name]);
      }
    } else if (id === 7) {
      for (let count = body.u32(); count > 0; count--) {
        const name = body.name();
        const kind = body.byte();
        body.u32();
        if (kind === 0) (found.coreExports as string[]).push(name);
      }
    }
  }
}

function coreDescription(reader: Reader): number {
  const kind = reader.byte();
  switch (kind) {
    case 0: // function: type index
      reader.u32();
      break;
    case 1: // table: element type, limits
      reader.byte();
      limits(reader);
      break;
    case 2: // memory
      limits(reader);
      break;
    case 3: // global: type, mutability
      reader.byte();
      reader.byte();
      break;
    case 4: // tag: attribute, type index
      reader.byte();
      reader.u32();
      break;
    default:
      throw new RangeError("Unknown import");
  }
  return kind;
}

function limits(reader: Reader): void {
  const flags = reader.byte();
  reader.u32();
  if ((flags & 1) !== 0) reader.u32();
}

/**
 * The imports and exports of a core module, for telling what it was built for.
 *
 * @throws {GuestLoadError} when it is not well-formed.
 */
export function moduleOutline(bytes: Uint8Array): Pick<ComponentOutline, "coreImports" | "coreExports"> {
  const found: Found = { imports: [], exports: [], coreImports: [], coreExports: [] };
  try {
    coreModule(new Reader(bytes, 8), found);
  } catch (cause) {
    throw new GuestLoadError("invalid-component", "Cannot load the guest: the module is damaged or cut off", {
      cause,
    });
  }
  return found;
}

/** A name with its version apart. */
export function splitVersion(name: string): { readonly name: string; readonly version: string | undefined } {
  const at = name.indexOf("@");
  return at < 0 ? { name, version: undefined } : { name: name.slice(0, at), version: name.slice(at + 1) };
}
