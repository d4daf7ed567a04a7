/**
 * The value types of the component model and how the canonical ABI moves them between a guest's flat parameters,
 * its memory, and JavaScript: the part that WASI 0.2 uses (no floats, no chars, no streams).
 *
 * jco generates the same for any interface, but its imports pass through task bookkeeping that costs several
 * microseconds and a few kilobytes a call and keeps them until the export returns; a guest that moves gigabytes
 * makes millions of calls. WASI's interfaces are fixed, so they are described once here and lowered directly.
 */
import type { GuestMemory } from "./memory.ts";
import type { HandleTable, Resource, ResourceRegistry } from "./handles.ts";

/** What lifting and lowering need of the call's surroundings. */
export interface AbiContext {
  /** The memory named by the import's canonical options. */
  readonly memory: GuestMemory;
  /** The instance's objects. */
  readonly resources: ResourceRegistry;
  /** The handle table of a resource type, by its id. */
  table(resource: string): HandleTable;
}

/** Core parameters, read from left to right. */
export interface FlatArguments {
  /** The raw core values. */
  readonly values: readonly (number | bigint)[];
  /** Index of the next one. */
  at: number;
}

/** The layout of a component-level type. */
export interface AbiLayout {
  /** Bytes in memory. */
  readonly size: number;
  /** Alignment in memory. */
  readonly align: number;
  /** Its core types when passed flat. */
  readonly flat: readonly ("i32" | "i64")[];
}

/** A component-level type. */
export interface AbiType<T> extends AbiLayout {
  /** Reads it from flat parameters. */
  lift(context: AbiContext, args: FlatArguments): T;
  /** Reads it from memory. */
  load(context: AbiContext, ptr: number): T;
  /** Writes it to memory. */
  store(context: AbiContext, ptr: number, value: T): void;
  /** As the one core result; only for types with at most one flat value. */
  lower(context: AbiContext, value: T): number | bigint | undefined;
}

/** The JavaScript type behind an {@linkcode AbiType}. */
export type ValueOf<A> = A extends AbiType<infer T> ? T : never;

/** Next flat value as an i32; a variant may have widened its slot to i64. */
function takeI32(args: FlatArguments): number {
  const raw = args.values[args.at++]!;
  return typeof raw === "bigint" ? Number(BigInt.asIntN(32, raw)) : raw;
}

function takeI64(args: FlatArguments): bigint {
  const raw = args.values[args.at++]!;
  return typeof raw === "bigint" ? raw : BigInt(raw);
}

function unsigned(bytes: 1 | 2 | 4): AbiType<number> {
  const mask = bytes === 1 ? 0xff : bytes === 2 ? 0xffff : 0xffffffff;
  return {
    size: bytes,
    align: bytes,
    flat: ["i32"],
    lift: (_, args) => (takeI32(args) & mask) >>> 0,
    load({ memory }, ptr) {
      const view = memory.view;
      return bytes === 1
        ? view.getUint8(ptr)
        : bytes === 2
        ? view.getUint16(ptr, true)
        : view.getUint32(ptr, true);
    },
    store({ memory }, ptr, value) {
      const view = memory.view;
      if (bytes === 1) view.setUint8(ptr, value);
      else if (bytes === 2) view.setUint16(ptr, value, true);
      else view.setUint32(ptr, value, true);
    },
    lower: (_, value) => value | 0,
  };
}

/** `u8` */
export const u8: AbiType<number> = unsigned(1);
/** `u16` */
export const u16: AbiType<number> = unsigned(2);
/** `u32` */
export const u32: AbiType<number> = unsigned(4);

/** `s32` */
export const s32: AbiType<number> = {
  ...u32,
  lift: (_, args) => takeI32(args) | 0,
  load: ({ memory }, ptr) => memory.view.getInt32(ptr, true),
};

/** `u64`, a `bigint`. */
export const u64: AbiType<bigint> = {
  size: 8,
  align: 8,
  flat: ["i64"],
  lift: (_, args) => BigInt.asUintN(64, takeI64(args)),
  load: ({ memory }, ptr) => memory.view.getBigUint64(ptr, true),
  store: ({ memory }, ptr, value) => memory.view.setBigUint64(ptr, value, true),
  lower: (_, value) => value,
};

/** `bool` */
export const bool: AbiType<boolean> = {
  size: 1,
  align: 1,
  flat: ["i32"],
  lift: (_, args) => takeI32(args) !== 0,
  load: ({ memory }, ptr) => memory.view.getUint8(ptr) !== 0,
  store: ({ memory }, ptr, value) => memory.view.setUint8(ptr, value ? 1 : 0),
  lower: (_, value) => value ? 1 : 0,
};

/**
 * What a guest may hand over in one value: copying it takes the host's thread and memory, before anybody can look at
 * it. Far above what any interface of WASI is for.
 */
const MAX_BYTES = 128 * 1024 * 1024;
const MAX_ELEMENTS = 65_536;

/** Something made of a pointer and a length: strings and lists. */
function pointed<T>(
  read: (context: AbiContext, ptr: number, length: number) => T,
  write: (context: AbiContext, value: T) => readonly [ptr: number, length: number],
): AbiType<T> {
  return {
    size: 8,
    align: 4,
    flat: ["i32", "i32"],
    lift(context, args) {
      const ptr = takeI32(args) >>> 0;
      return read(context, ptr, takeI32(args) >>> 0);
    },
    load(context, ptr) {
      const view = context.memory.view;
      return read(context, view.getUint32(ptr, true), view.getUint32(ptr + 4, true));
    },
    store(context, ptr, value) {
      const [at, length] = write(context, value);
      const view = context.memory.view; // after the allocation: it may have grown the memory
      view.setUint32(ptr, at, true);
      view.setUint32(ptr + 4, length, true);
    },
    lower: unflattened,
  };
}

function unflattened(): never {
  throw new TypeError("The type has more than one flat value");
}

/** `size` bytes of the guest's memory at `ptr`, checked. */
function slice({ memory }: AbiContext, ptr: number, size: number): Uint8Array {
  const bytes = memory.bytes;
  if (size > MAX_BYTES) throw new RangeError(`The guest passed ${size} bytes in one value: fuel exhausted`);
  if (ptr + size > bytes.length) throw new RangeError("The guest passed a pointer outside its memory");
  return bytes.subarray(ptr, ptr + size);
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
/** Names, paths and header values are short and ASCII: done here, they cost a tenth of a call to the codec. */
const SHORT = 96;

function decode(bytes: Uint8Array): string {
  if (bytes.length > SHORT) return decoder.decode(bytes);
  let text = "";
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte > 0x7f) return decoder.decode(bytes);
    text += String.fromCharCode(byte);
  }
  return text;
}

/** Writes short ASCII text into the guest; `undefined` for any other. */
function storeAscii(memory: GuestMemory, text: string): number | undefined {
  if (text.length > SHORT) return undefined;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return undefined;
  const at = memory.allocate(text.length, 1);
  const bytes = memory.bytes;
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  return at;
}

/** `string`, in UTF-8, the only encoding that toolchains for WASI use. */
export const string: AbiType<string> = pointed(
  (context, ptr, length) => decode(slice(context, ptr, length)),
  (context, value) => {
    const ascii = storeAscii(context.memory, value);
    if (ascii !== undefined) return [ascii, value.length];
    const bytes = encoder.encode(value);
    const at = context.memory.allocate(bytes.length, 1);
    context.memory.bytes.set(bytes, at);
    return [at, bytes.length];
  },
);

/** `list<u8>`: copied out of and into the guest in one piece. */
export const bytes: AbiType<Uint8Array> = pointed(
  (context, ptr, length) => slice(context, ptr, length).slice(),
  (context, value) => {
    const at = context.memory.allocate(value.length, 1);
    context.memory.bytes.set(value, at);
    return [at, value.length];
  },
);

/** `list<element>` */
export function list<T>(element: AbiType<T>): AbiType<readonly T[]> {
  return pointed<readonly T[]>(
    (context, ptr, length) => {
      if (ptr % element.align !== 0) throw new TypeError("The guest passed a misaligned list");
      if (length > MAX_ELEMENTS) {
        throw new RangeError(`The guest passed a list of ${length} elements: fuel exhausted`);
      }
      slice(context, ptr, length * element.size);
      const values = new Array<T>(length);
      for (let i = 0; i < length; i++) values[i] = element.load(context, ptr + i * element.size);
      return values;
    },
    (context, values) => {
      const at = context.memory.allocate(values.length * element.size, element.align);
      for (let i = 0; i < values.length; i++) element.store(context, at + i * element.size, values[i]!);
      return [at, values.length];
    },
  );
}

const alignTo = (at: number, align: number) => Math.ceil(at / align) * align;

/** `tuple<…>` and the layout of records. */
export function tuple<T extends readonly unknown[]>(
  ...types: { readonly [K in keyof T]: AbiType<T[K]> }
): AbiType<Readonly<T>> {
  const offsets: number[] = [];
  let end = 0;
  let align = 1;
  for (const type of types) {
    end = alignTo(end, type.align);
    offsets.push(end);
    end += type.size;
    align = Math.max(align, type.align);
  }
  return {
    size: alignTo(end, align),
    align,
    flat: types.flatMap((type) => type.flat),
    lift: (context, args) => types.map((type) => type.lift(context, args)) as unknown as T,
    load: (context, ptr) => types.map((type, i) => type.load(context, ptr + offsets[i]!)) as unknown as T,
    store(context, ptr, value) {
      for (let i = 0; i < types.length; i++) types[i]!.store(context, ptr + offsets[i]!, value[i]);
    },
    lower: (context, value) => types.length === 1 ? types[0]!.lower(context, value[0]) : unflattened(),
  };
}

/** `record`; keys in WIT's order, in camelCase. */
export function record<T extends object>(fields: { readonly [K in keyof T]: AbiType<T[K]> }): AbiType<T> {
  const names = Object.keys(fields) as (keyof T)[];
  const shape = tuple<unknown[]>(...names.map((name) => fields[name] as AbiType<unknown>));
  const fromList = (values: readonly unknown[]) =>
    Object.fromEntries(names.map((name, i) => [name, values[i]])) as T;
  const toList = (value: T) => names.map((name) => value[name]);
  return {
    size: shape.size,
    align: shape.align,
    flat: shape.flat,
    lift: (context, args) => fromList(shape.lift(context, args)),
    load: (context, ptr) => fromList(shape.load(context, ptr)),
    store: (context, ptr, value) => shape.store(context, ptr, toList(value)),
    lower: (context, value) => shape.lower(context, toList(value)),
  };
}

/** A value of a variant: `{ tag }` or `{ tag, val }`. */
export type VariantValue = { readonly tag: string; readonly val?: unknown };

/** `variant`; cases in WIT's order and spelling, `undefined` for a case without payload. */
export function variant<T extends VariantValue>(
  cases: Readonly<Record<string, AbiLayout | undefined>>,
): AbiType<T> {
  const names = Object.keys(cases);
  const payloads = names.map((name) => cases[name] as AbiType<unknown> | undefined);
  const index = new Map(names.map((name, i) => [name, i]));
  const tag = names.length <= 256 ? u8 : u16;
  const align = Math.max(tag.align, ...payloads.map((p) => p?.align ?? 1));
  const offset = alignTo(tag.size, Math.max(1, ...payloads.map((p) => p?.align ?? 1)));
  const joined: ("i32" | "i64")[] = [];
  for (const payload of payloads) {
    payload?.flat.forEach((type, i) => {
      joined[i] = joined[i] === "i64" || type === "i64" ? "i64" : "i32";
    });
  }
  const make = (at: number, read: (payload: AbiType<unknown>) => unknown): T => {
    const name = names[at];
    if (name === undefined) {
      throw new TypeError(`The guest passed case ${at} of a variant of ${names.length}`);
    }
    const payload = payloads[at];
    return (payload === undefined ? { tag: name } : { tag: name, val: read(payload) }) as unknown as T;
  };
  const find = (value: T): number => {
    const at = index.get(value.tag);
    if (at === undefined) throw new TypeError(`The host made a variant with the unknown case "${value.tag}"`);
    return at;
  };
  return {
    size: alignTo(offset + Math.max(0, ...payloads.map((p) => p?.size ?? 0)), align),
    align,
    flat: ["i32", ...joined],
    lift(context, args) {
      const start = args.at;
      const at = takeI32(args);
      const value = make(at, (payload) => payload.lift(context, args));
      args.at = start + 1 + joined.length; // a smaller case leaves slots unread
      return value;
    },
    load: (context, ptr) => make(tag.load(context, ptr), (payload) => payload.load(context, ptr + offset)),
    store(context, ptr, value) {
      const at = find(value);
      tag.store(context, ptr, at);
      payloads[at]?.store(context, ptr + offset, value.val);
    },
    lower: (_, value) => joined.length === 0 ? find(value) : unflattened(),
  };
}

/** `enum`; a string in JavaScript. */
export function enumeration<T extends string>(...names: readonly T[]): AbiType<T> {
  const shape = variant<VariantValue>(Object.fromEntries(names.map((name) => [name, undefined])));
  return {
    size: shape.size,
    align: shape.align,
    flat: shape.flat,
    lift: (context, args) => shape.lift(context, args).tag as T,
    load: (context, ptr) => shape.load(context, ptr).tag as T,
    store: (context, ptr, value) => shape.store(context, ptr, { tag: value }),
    lower: (context, value) => shape.lower(context, { tag: value }),
  };
}

/** `option<some>`; `undefined` for none. Not for nested options. */
export function option<T>(some: AbiType<T>): AbiType<T | undefined> {
  const shape = variant<VariantValue>({ none: undefined, some: some as AbiType<unknown> });
  const wrap = (value: T | undefined) => value === undefined ? { tag: "none" } : { tag: "some", val: value };
  return {
    size: shape.size,
    align: shape.align,
    flat: shape.flat,
    lift: (context, args) => shape.lift(context, args).val as T | undefined,
    load: (context, ptr) => shape.load(context, ptr).val as T | undefined,
    store: (context, ptr, value) => shape.store(context, ptr, wrap(value)),
    lower: (context, value) => shape.lower(context, wrap(value)),
  };
}

/** A value of a nested `result`. */
export type ResultValue<T, E> =
  | { readonly tag: "ok"; readonly val: T }
  | { readonly tag: "err"; readonly val: E };

/** A `result` type; its cases are kept so that a call can tell that errors are thrown for it. */
export interface ResultType<T, E> extends AbiType<ResultValue<T, E>> {
  /** Marks a `result`. */
  readonly result: true;
}

/** `result<ok, err>`; `undefined` for `_`. */
export function result<T = undefined, E = undefined>(
  ok?: AbiType<T>,
  err?: AbiType<E>,
): ResultType<T, E> {
  return {
    ...variant<VariantValue>({ ok: ok as AbiType<unknown>, err: err as AbiType<unknown> }) as AbiType<
      ResultValue<T, E>
    >,
    result: true,
  };
}

/** `flags`, up to 32; an object of booleans. */
export function flags<K extends string>(...names: readonly K[]): AbiType<Readonly<Record<K, boolean>>> {
  const shape = names.length <= 8 ? u8 : names.length <= 16 ? u16 : u32;
  const unpack = (bits: number) =>
    Object.fromEntries(names.map((name, i) => [name, (bits & (1 << i)) !== 0])) as Record<K, boolean>;
  const pack = (value: Readonly<Record<K, boolean>>) =>
    names.reduce((bits, name, i) => value[name] ? bits | (1 << i) : bits, 0);
  return {
    size: shape.size,
    align: shape.align,
    flat: shape.flat,
    lift: (context, args) => unpack(shape.lift(context, args)),
    load: (context, ptr) => unpack(shape.load(context, ptr)),
    store: (context, ptr, value) => shape.store(context, ptr, pack(value)),
    lower: (context, value) => shape.lower(context, pack(value)),
  };
}

/** A resource type: `interface#Class` in the names that jco's generated code uses. */
export interface ResourceType<T extends Resource> {
  /** Such as `wasi:io/streams#InputStream`. */
  readonly id: string;
  /** Only for the type checker. */
  readonly instance?: T;
}

/** Names a resource type. */
export function resource<T extends Resource>(id: string): ResourceType<T> {
  return { id };
}

function handle<T extends Resource>(type: ResourceType<T>, give: boolean): AbiType<T> {
  const { id } = type;
  const lift = (context: AbiContext, index: number) => {
    const table = context.table(id);
    return (give ? context.resources.take(table, index) : context.resources.borrow(table, index)) as T;
  };
  return {
    size: 4,
    align: 4,
    flat: ["i32"],
    lift: (context, args) => lift(context, takeI32(args) >>> 0),
    load: (context, ptr) => lift(context, context.memory.view.getUint32(ptr, true)),
    store: (context, ptr, value) =>
      context.memory.view.setUint32(ptr, context.resources.create(context.table(id), value), true),
    lower: (context, value) => context.resources.create(context.table(id), value),
  };
}

/** `own<resource>` (or the bare name of one): ownership passes. */
export function own<T extends Resource>(type: ResourceType<T>): AbiType<T> {
  return handle(type, true);
}

/** `borrow<resource>`, and `self` of a method. */
export function borrow<T extends Resource>(type: ResourceType<T>): AbiType<T> {
  return handle(type, false);
}
