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
 * @module
 */
export { loadGuest } from "./load.ts";
export type { GuestSource } from "./load.ts";
export { Guest } from "./guest.ts";
export type { GuestExport, GuestImport, GuestInstance } from "./guest.ts";
export { GuestLimitError, GuestLoadError, GuestTrapError, MissingImportError } from "./error.ts";
export type { GuestLimit, GuestLoadReason, MissingImport } from "./error.ts";
export type {
  DeniedRequest,
  GuestClocks,
  GuestInput,
  GuestLimits,
  GuestOptions,
  GuestOutput,
  InstantiateOptions,
  LoadOptions,
  Preopen,
  RunResult,
  SocketGrant,
} from "./options.ts";
export * from "./serve/mod.ts";
