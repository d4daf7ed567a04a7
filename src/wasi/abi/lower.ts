/** Host functions described by their component-level type, and their lowering to core functions. */
import type { ResourceRegistry } from "./handles.ts";
import type { HandleTable } from "./handles.ts";
import { GuestMemory, type Realloc } from "./memory.ts";
import type { AbiContext, AbiLayout, AbiType, FlatArguments, ResultType, ResultValue } from "./types.ts";

/**
 * An error that a WIT signature allows: thrown by a host function, it becomes the `err` of its `result`.
 * Anything else that is thrown is a trap. Not an `Error`: no stack is taken, `closed` at the end of a stream
 * is as common as data.
 */
export class WitError {
  /** The payload of `err`. */
  readonly payload: unknown;

  /** Wraps the payload. */
  constructor(payload: unknown) {
    this.payload = payload;
  }
}

/** An `err` without payload, to throw. */
export const failed = new WitError(undefined);

/** What a call needs of the instance it runs in. */
export interface CallScope {
  /** The instance's objects. */
  readonly resources: ResourceRegistry;
  /** Before each call: throws when the instance is over or has broken a limit. */
  enter(memorySize: number): void;
  /** A host function failed otherwise than its signature allows; what is returned is thrown. */
  trapped(error: unknown): unknown;
  /** Holds the guest until `promise` settles, or rejects as soon as the instance ends. */
  suspend<T>(promise: Promise<T>): Promise<T>;
}

/** A host function: its type and what it does. `S` is the instance it is called with first. */
export interface HostFunction<S> {
  /** Parameters from left to right, `self` included. */
  readonly params: readonly AbiType<unknown>[];
  /** The result, if any. */
  readonly result: AbiType<unknown> | undefined;
  /** Whether the guest may be suspended in it. */
  readonly suspends: boolean;
  /** The implementation. */
  readonly call: (scope: S, ...args: never[]) => unknown;
}

type Values<P extends readonly AbiLayout[]> = {
  [K in keyof P]: P[K] extends AbiType<infer T> ? T : never;
};

/** What an implementation may return for a result type: the `ok` value of a `result` (errors are thrown). */
type Returned<R> = R extends ResultType<infer T, infer _E> ? T : R extends AbiType<infer T> ? T : void;

function define<S>(
  params: readonly AbiLayout[],
  result: AbiLayout | undefined,
  suspends: boolean,
  call: (scope: S, ...args: never[]) => unknown,
): HostFunction<S> {
  if (params.reduce((n, type) => n + type.flat.length, 0) > 16) {
    throw new TypeError("Signatures with more than 16 flat parameters are not lowered");
  }
  return {
    params: params as readonly AbiType<unknown>[],
    result: result as AbiType<unknown>,
    suspends,
    call,
  };
}

/** Makes `fn` and `suspending` for instances of type `S`. */
export function functionsOf<S>(): {
  /** A function that returns at once. */
  fn: <const P extends readonly AbiLayout[], R extends AbiLayout | undefined>(
    params: P,
    result: R,
    call: (scope: S, ...args: Values<P>) => Returned<R>,
  ) => HostFunction<S>;
  /** A function that may return a promise, for which the guest is suspended. */
  suspending: <const P extends readonly AbiLayout[], R extends AbiLayout | undefined>(
    params: P,
    result: R,
    call: (scope: S, ...args: Values<P>) => Returned<R> | Promise<Returned<R>>,
  ) => HostFunction<S>;
} {
  return {
    fn: (params, result, call) => define<S>(params, result, false, call as never),
    suspending: (params, result, call) => define<S>(params, result, true, call as never),
  };
}

/** What jco's generated code hands to a custom lowering. */
export interface LowerOptions {
  /** Memory of the canonical options, where the signature needs one. */
  readonly memory?: WebAssembly.Memory;
  /** Allocator of the canonical options, where the signature needs one. */
  readonly realloc?: Realloc;
  /** Handle tables of the resource types in the signature. */
  readonly resourceTables?: readonly HandleTable[];
  /** Given where it is not UTF-8. */
  readonly stringEncoding?: string;
}

/** Whose calls lowered functions take: when an instance is put back to its start, it goes on as another. */
export interface Holder<S> {
  /** The instance now. */
  current: S;
}

/** The core import for `host` in the instance of `holder`: a function or a `WebAssembly.Suspending`. */
export function lower<S extends CallScope>(
  name: string,
  host: HostFunction<S>,
  holder: Holder<S>,
  options: LowerOptions,
): unknown {
  if (options.stringEncoding !== undefined && options.stringEncoding !== "utf8") {
    throw new TypeError(`Strings in ${options.stringEncoding} are not supported (import "${name}")`);
  }
  const memory = new GuestMemory(options.memory, options.realloc);
  const tables = new Map<string, HandleTable>();
  for (const table of options.resourceTables ?? []) {
    if (table.resource !== undefined) tables.set(table.resource, table);
  }
  const context: AbiContext = {
    memory,
    get resources() {
      return holder.current.resources;
    },
    table(resource) {
      const table = tables.get(resource);
      if (table === undefined) throw new TypeError(`No handle table for "${resource}" in "${name}"`);
      return table;
    },
  };
  const { params, result, call } = host;
  const isResult = result !== undefined && (result as Partial<ResultType<unknown, unknown>>).result === true;
  const viaMemory = result !== undefined && result.flat.length > 1;

  const finish = (value: unknown, retptr: number): number | bigint | undefined => {
    if (result === undefined) return undefined;
    if (viaMemory) {
      result.store(context, retptr, value);
      return undefined;
    }
    return result.lower(context, value);
  };
  const succeed = (scope: S, value: unknown, retptr: number) => {
    try {
      return finish(
        isResult ? { tag: "ok", val: value } satisfies ResultValue<unknown, never> : value,
        retptr,
      );
    } catch (error) {
      throw scope.trapped(error);
    }
  };
  const fail = (scope: S, error: unknown, retptr: number) => {
    if (!(isResult && error instanceof WitError)) throw scope.trapped(error);
    try {
      return finish({ tag: "err", val: error.payload } satisfies ResultValue<never, unknown>, retptr);
    } catch (cause) {
      throw scope.trapped(cause);
    }
  };

  const core = (...values: (number | bigint)[]) => {
    const scope = holder.current;
    scope.enter(memory.size);
    const retptr = viaMemory ? (values[values.length - 1] as number) >>> 0 : 0;
    let returned: unknown;
    try {
      const flat: FlatArguments = { values, at: 0 };
      const args = new Array(params.length);
      for (let i = 0; i < params.length; i++) args[i] = params[i]!.lift(context, flat);
      returned = call(scope, ...args as never[]);
    } catch (error) {
      return fail(scope, error, retptr);
    }
    if (returned instanceof Promise) {
      return scope.suspend(returned).then(
        (value) => succeed(scope, value, retptr),
        (error) => fail(scope, error, retptr),
      );
    }
    return succeed(scope, returned, retptr);
  };
  return host.suspends ? suspending(core) : core;
}

/** The JSPI wrapper; TypeScript's libraries do not know it yet. */
/** Looked up when it is used: some platforms have no `WebAssembly` at all, and load this module all the same. */
function suspending(core: (...args: never[]) => unknown): unknown {
  const { Suspending } = WebAssembly as unknown as {
    Suspending: new (fn: (...args: never[]) => unknown) => unknown;
  };
  return new Suspending(core);
}

/** Whether this platform can suspend WebAssembly (JavaScript Promise Integration). */
export function hasJspi(): boolean {
  return typeof WebAssembly === "object" && "Suspending" in WebAssembly && "promising" in WebAssembly;
}
