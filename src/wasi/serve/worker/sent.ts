/** A guest's code and options in the form in which they cross to a worker: what can be cloned. */
import { isStore } from "../../keyvalue/grant.ts";
import { codeOf, type GuestCode } from "../../module.ts";
import type { GuestOptions, SocketGrant } from "../../options.ts";
import type { RequiredImport } from "../../transpile/patch.ts";
import type { ServeOptions } from "../options.ts";

/** A guest's code. */
export interface SentCode {
  readonly name: string;
  readonly text: string;
  readonly modules: readonly (readonly [name: string, module: WebAssembly.Module])[];
  readonly required: readonly RequiredImport[];
  readonly interruptible: boolean;
}

/** The code in the form in which it crosses. */
export async function sentCode(name: string, code: GuestCode): Promise<SentCode> {
  const { parts: { text, modules, interruptible }, required } = await code.interruptible();
  return { name, text, modules: [...modules], required, interruptible };
}

/** The code that has crossed, on this thread. */
export function codeFrom({ text, modules, required, interruptible }: SentCode): Promise<GuestCode> {
  return codeOf({ text, modules: new Map(modules), interruptible }, required);
}

/** A guest's options. */
export type SentOptions =
  & Omit<
    GuestOptions,
    | "stdin"
    | "stdout"
    | "stderr"
    | "connector"
    | "trace"
    | "onDenied"
    | "signal"
    | "clocks"
    | "net"
    | "sockets"
  >
  & {
    readonly net?: readonly string[];
    readonly sockets?: Omit<SocketGrant, "allow"> & { readonly allow: readonly string[] };
  };

/**
 * The options in the form in which they cross to a worker.
 *
 * @throws {TypeError} for options that cannot be cloned: functions, and objects with functions.
 */
export function sentOptions(options: GuestOptions | ServeOptions): SentOptions {
  const { args, argv0, env, cwd, terminals, preopens, net, sockets, config, keyValue } = options;
  const { randomSeed, forbiddenHeaders, limits } = options;
  for (const name of ["connector", "trace", "clocks"] as const) {
    if (options[name] !== undefined) {
      throw new TypeError(
        `Cannot run the guest in a worker: "${name}" cannot be carried there; use isolation "inline"`,
      );
    }
  }
  const common = { args, argv0, env, cwd, terminals, preopens, config, randomSeed, forbiddenHeaders, limits };
  return {
    ...common,
    net: entriesOf("net", net),
    ...sockets !== undefined && { sockets: { ...sockets, allow: entriesOf("sockets", sockets.allow) ?? [] } },
    keyValue: valuesOf(keyValue),
  };
}

function entriesOf(name: string, given: GuestOptions["net"]): readonly string[] | undefined {
  if (given === undefined || !("checkUrl" in given)) return given;
  throw new TypeError(
    `Cannot run the guest in a worker: "${name}" must be a list of entries there, a policy cannot be carried over`,
  );
}

function valuesOf(buckets: GuestOptions["keyValue"]): GuestOptions["keyValue"] {
  for (const [identifier, source] of Object.entries(buckets ?? {})) {
    if (!isStore(source)) continue;
    throw new TypeError(
      `Cannot run the guest in a worker: the store of the bucket "${identifier}" cannot be carried there; ` +
        'use isolation "inline"',
    );
  }
  return buckets;
}
