/**
 * The WASI 0.2 host: runs component guests with networking, files and standard streams, each granted one by one.
 * Importing this loads neither jco nor any `node:` module, starts nothing and needs no permission.
 *
 * ```ts ignore
 * import { loadGuest } from "@storeport/storeport/wasi";
 *
 * const guest = await loadGuest("guest.wasm");
 * const { exitCode } = await guest.run({ args: ["get"], net: ["https://api.example.com"], stdout: "inherit" });
 * ```
 *
 * Any interface can be the caller's own: `instantiate` takes `imports`, and one of the host's that is given there
 * replaces it. So the implementations of preview2-shim (npm, `@bytecodealliance/preview2-shim`) serve too, here its
 * environment and wall clock beside the host's HTTP. Interfaces whose resources meet go together: files of the shim
 * need its `wasi:io/*`, `wasi:clocks/*` and `wasi:cli/std*`, which leaves HTTP to a guest without them.
 *
 * ```ts ignore
 * import { WASIShim } from "@bytecodealliance/preview2-shim/instantiation";
 *
 * const shim = new WASIShim({ sandbox: { enableNetwork: false, env: { LANG: "C" } } }).getImportObject();
 * const instance = await guest.instantiate({
 *   imports: {
 *     "wasi:cli/environment": shim["wasi:cli/environment"],
 *     "wasi:clocks/wall-clock": shim["wasi:clocks/wall-clock"],
 *   },
 *   net: ["https://api.example.com"],
 * });
 * ```
 *
 * @module
 */
export { loadGuest } from "./load.ts";
export type { GuestSource } from "./load.ts";
export { Guest } from "./guest.ts";
export type { GuestExport, GuestImport, GuestInstance } from "./guest.ts";
export {
  GuestLimitError,
  GuestLoadError,
  GuestTrapError,
  MissingExportError,
  MissingImportError,
} from "./error.ts";
export type { GuestLimit, GuestLoadReason, MissingImport } from "./error.ts";
export type {
  DeniedRequest,
  GuestClocks,
  GuestInput,
  GuestLimits,
  GuestOptions,
  GuestOutput,
  InstantiateOptions,
  KeyValueSource,
  LoadOptions,
  Preopen,
  RunResult,
  SocketGrant,
} from "./options.ts";
export * from "./serve/mod.ts";
