/**
 * Runs a guest with interfaces of preview2-shim in place of ours. A process of its own, because the shim starts a
 * worker that never ends and writes to the process's own output.
 */
import process from "node:process";
import { WASIShim } from "@bytecodealliance/preview2-shim/instantiation";
import { type InstantiateOptions, loadGuest } from "../../src/wasi/mod.ts";

const [path = "", kind = "", directory = "", ...args] = process.argv.slice(2);
const { HTTP_SERVER = "" } = process.env;

const shim = new WASIShim({
  sandbox: {
    enableNetwork: false,
    env: { HTTP_SERVER, FROM: "the shim" },
    args,
    preopens: { "/data": directory },
  },
}).getImportObject() as NonNullable<InstantiateOptions["imports"]>;

/** Interfaces with resources go together: a stream of the shim is none of ours. */
const KINDS: Readonly<Record<string, RegExp>> = {
  values: /^wasi:(cli\/environment|random\/|clocks\/wall-clock)/,
  resources: /^wasi:(io|filesystem|clocks|cli\/(std|terminal))/,
};

const imports = Object.fromEntries(Object.entries(shim).filter(([name]) => KINDS[kind]!.test(name)));
const guest = await loadGuest(path, { cache: false });
const instance = await guest.instantiate({
  imports,
  args,
  net: HTTP_SERVER === "" ? [] : [`http://${HTTP_SERVER}`],
  stdout: "inherit",
  stderr: "inherit",
});
const [, command] = Object.entries(instance.exports).find(([name]) => name.startsWith("wasi:cli/run"))!;
await (command as { run(): Promise<void> }).run();
await instance.drain();
instance.close();
process.exit(0);
