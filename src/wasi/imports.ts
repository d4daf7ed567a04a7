/** The import object: WASI's interfaces in the shape that jco's generated code asks for. */
import { type Holder, lower, type LowerOptions } from "./abi/lower.ts";
import { cliInterfaces } from "./cli/interface.ts";
import { clockInterfaces } from "./clocks/interface.ts";
import { configInterfaces } from "./config/interface.ts";
import { type MissingImport, MissingImportError } from "./error.ts";
import { filesystemInterfaces } from "./filesystem/interface.ts";
import type { HostFunction, HostInterface } from "./host.ts";
import { httpInterfaces } from "./http/interface.ts";
import type { Instance } from "./instance.ts";
import { ioInterfaces } from "./io/interface.ts";
import { keyValueInterfaces } from "./keyvalue/interface.ts";
import { randomInterfaces } from "./random/interface.ts";
import { socketInterfaces } from "./sockets/interface.ts";
import type { RequiredImport } from "./transpile/patch.ts";

/** By interface name without version: all 0.2.x are served by one implementation. */
const INTERFACES: ReadonlyMap<string, HostInterface> = new Map(
  [
    ...ioInterfaces,
    ...clockInterfaces,
    ...randomInterfaces,
    ...cliInterfaces,
    ...filesystemInterfaces,
    ...socketInterfaces,
    ...httpInterfaces,
    ...configInterfaces,
    ...keyValueInterfaces,
  ].map((one) => [one.name, one]),
);

/** Where jco's generated code looks for a lowering that bypasses its own. */
const LOWER: unique symbol = Symbol.for("cabiLower") as never;
/** What it calls when the guest drops a handle whose object it does not know. */
const DISPOSE: unique symbol = Symbol.for("cabiDispose") as never;

/** `some-name` as `someName`. */
export function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** `some-name` as `SomeName`. */
function pascalCase(name: string): string {
  const camel = camelCase(name);
  return camel[0]!.toUpperCase() + camel.slice(1);
}

/** A class or function that exists to carry a lowering. */
type Carrier = Record<string | symbol, unknown>;

function lowered(holder: Holder<Instance>, name: string, host: HostFunction): Carrier {
  const carrier = (() => {
    throw new TypeError(`"${name}" is called by guests only`);
  }) as unknown as Carrier;
  carrier[LOWER] = (options: LowerOptions) => lower(name, host, holder, options);
  return carrier;
}

/** One interface for one instance. */
function assemble(holder: Holder<Instance>, { name, resources = [], functions }: HostInterface): Carrier {
  const assembled: Carrier = {};
  const classes = new Map<string, Carrier>();
  for (const resource of resources) {
    const carrier = lowered(holder, `${name}#[constructor]${resource}`, NO_CONSTRUCTOR);
    delete carrier[LOWER];
    carrier[DISPOSE] = (rep: number) => holder.current.dispose(rep);
    carrier.prototype = {};
    classes.set(resource, carrier);
    assembled[pascalCase(resource)] = carrier;
  }
  for (const [key, host] of Object.entries(functions)) {
    const carrier = lowered(holder, `${name}#${key}`, host);
    const { kind, resource, member } = placeOf(key);
    const owner = classes.get(resource)!;
    if (kind === "function") assembled[member] = carrier;
    else if (kind === "constructor") owner[LOWER] = carrier[LOWER];
    else if (kind === "static") owner[member] = carrier;
    else (owner.prototype as Carrier)[member] = carrier;
  }
  return assembled;
}

/** Where generated code looks for a function. */
interface Place {
  readonly kind: "function" | "constructor" | "method" | "static";
  /** WIT name of the resource. */
  readonly resource: string;
  /** In camelCase. */
  readonly member: string;
  /** `Fields.prototype.get`, `Fields.fromList`, `poll`. */
  readonly path: string;
}

/** The host's functions are few, and asked for with every instance. */
const places = new Map<string, Place>();

function placeOf(key: string): Place {
  let place = places.get(key);
  if (place === undefined) places.set(key, place = parsePlace(key));
  return place;
}

function parsePlace(key: string): Place {
  const match = /^\[(constructor|method|static)\]([^.]+)(?:\.(.+))?$/.exec(key);
  if (match === null) {
    const member = camelCase(key);
    return { kind: "function", resource: "", member, path: member };
  }
  const [, kind, resource, name = ""] = match;
  const owner = pascalCase(resource!);
  const member = camelCase(name);
  const path = kind === "constructor"
    ? owner
    : kind === "static"
    ? `${owner}.${member}`
    : `${owner}.prototype.${member}`;
  return { kind: kind as Place["kind"], resource: resource!, member, path };
}

const NO_CONSTRUCTOR: HostFunction = {
  params: [],
  result: undefined,
  suspends: false,
  call: () => {
    throw new TypeError("Not constructible");
  },
};

/** Imports of a caller, by interface name without version. */
export type ExtraImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const NONE: ExtraImports = {};

/** Imports that are known to be provided by the host alone. */
const complete = new WeakSet<readonly RequiredImport[]>();

/** What of `required` neither the host nor `extra` provides. */
export function missingImports(
  required: readonly RequiredImport[],
  extra: ExtraImports = {},
): MissingImport[] {
  const missing: MissingImport[] = [];
  for (const { name, version, members } of required) {
    const full = version === undefined ? name : `${name}@${version}`;
    const given = extra[name] ?? extra[full];
    const host = INTERFACES.get(name);
    if (given === undefined && (host === undefined || !isServed(host, version))) {
      missing.push({ interface: full, names: [] });
      continue;
    }
    const has = given === undefined
      ? (path: string) => hostHas(host!, path)
      : (path: string) => objectHas(given, path);
    const names = members.filter((path) => !has(path));
    if (names.length > 0) missing.push({ interface: full, names });
  }
  return missing;
}

/** Whether the implementation is of that version of WASI: 0.2.x is additive, so it is of all of it. */
function isServed({ versions }: HostInterface, version: string | undefined): boolean {
  if (version === undefined) return true;
  return versions === undefined ? /^0\.2\.\d+$/.test(version) : versions.includes(version);
}

/** Whether the host provides the interface in that version. */
export function hostProvides(name: string, version: string | undefined): boolean {
  const host = INTERFACES.get(name);
  return host !== undefined && isServed(host, version);
}

function hostHas({ resources = [], functions }: HostInterface, path: string): boolean {
  return resources.some((resource) => pascalCase(resource) === path) ||
    Object.keys(functions).some((key) => placeOf(key).path === path);
}

function objectHas(object: Readonly<Record<string, unknown>>, path: string): boolean {
  let at: unknown = object;
  for (const key of path.split(".")) at = (at as Record<string, unknown> | undefined)?.[key];
  return at !== undefined;
}

/**
 * The import object of one instance.
 *
 * @throws {MissingImportError} before anything of the guest has run.
 */
export function importObject(
  holder: Holder<Instance>,
  required: readonly RequiredImport[],
  extra: ExtraImports = NONE,
): Record<string, unknown> {
  // Asked once a guest: instances of it differ in what the caller provides, and mostly that is nothing.
  if (extra !== NONE || !complete.has(required)) {
    const missing = missingImports(required, extra);
    if (missing.length > 0) throw new MissingImportError(missing);
    if (extra === NONE) complete.add(required);
  }
  const imports: Record<string, unknown> = {};
  for (const { name, version } of required) {
    const own = extra[name] ?? extra[`${name}@${version}`];
    imports[name] ??= own === undefined ? assemble(holder, INTERFACES.get(name)!) : withoutLowerings(own);
  }
  return imports;
}

/**
 * An interface of the caller's, to be called as it is. preview2-shim's Node build has lowerings of its own on a few
 * functions; they pass by whoever wraps or replaces those, and the one of the wall clock writes to the wrong place.
 */
function withoutLowerings(provided: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const entries = Object.entries(provided);
  const lowers = (value: unknown): value is (...args: unknown[]) => unknown =>
    typeof value === "function" && LOWER in value;
  if (!entries.some(([, value]) => lowers(value))) return provided;
  return Object.fromEntries(
    entries.map((
      [key, value],
    ) => [key, lowers(value) ? (...args: unknown[]) => value.apply(provided, args) : value]),
  );
}
