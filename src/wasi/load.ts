/** Loading a guest. */
import { NotSupportedError } from "../store/error.ts";
import { hasJspi } from "./abi/lower.ts";
import { guestStore } from "./cache.ts";
import { moduleOutline, outline, sniff } from "./component.ts";
import { GuestLoadError } from "./error.ts";
import { Guest } from "./guest.ts";
import { guestCode } from "./module.ts";
import type { LoadOptions } from "./options.ts";

/** What a guest can be loaded from: bytes, a path, a URL, or a response. */
export type GuestSource = Uint8Array | string | URL | Response;

/**
 * Loads a component. It is transpiled once and kept; nothing of it runs yet.
 *
 * ```ts ignore
 * const guest = await loadGuest("hello.wasm");
 * const { exitCode, stdout } = await guest.run({ stdout: "pipe" });
 * ```
 *
 * Strings with a scheme (`https:`, `file:`, `data:`) are URLs, others are paths.
 *
 * @throws {NotSupportedError} where the platform cannot suspend WebAssembly (JSPI).
 * @throws {GuestLoadError} for what is not a component that can be loaded; the message says what it is.
 */
export async function loadGuest(source: GuestSource, options: LoadOptions = {}): Promise<Guest> {
  await requirePlatform();
  const { bytes, name } = await read(source);
  const guestName = options.name ?? name;
  const kind = sniff(bytes);
  if (kind === "other") {
    throw new GuestLoadError("not-wasm", `Cannot load "${guestName}": it is not WebAssembly`);
  }
  if (kind === "module") throw refuseModule(bytes, guestName);
  const outside = outline(bytes);
  const code = await guestCode(bytes, outside, guestName, () => guestStore(options.cache));
  return new Guest(guestName, outside, code);
}

/** The smallest module there is. */
const EMPTY_MODULE = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

async function requirePlatform(): Promise<void> {
  if (!hasJspi()) {
    throw new NotSupportedError(
      "Cannot host guests: this platform has no JavaScript Promise Integration (JSPI) for WebAssembly, which lets a " +
        "guest wait. Deno 2.9, Node 24, Chromium 137 and Firefox 153 have it. Stores work without it",
      { store: "WASI" },
    );
  }
  try {
    // Workers at the edge, and pages whose content security policy says so, compile nothing while they run.
    await WebAssembly.compile(EMPTY_MODULE);
  } catch (cause) {
    throw new NotSupportedError(
      "Cannot host guests: this platform does not let programs compile WebAssembly. Stores work without it",
      { store: "WASI", cause },
    );
  }
}

async function read(source: GuestSource): Promise<{ readonly bytes: Uint8Array; readonly name: string }> {
  if (source instanceof Uint8Array) return { bytes: source, name: "guest.wasm" };
  if (source instanceof Response) return await readResponse(source, source.url);
  const text = String(source);
  // One letter before the colon is a drive of Windows.
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined || scheme === "file") {
    try {
      const { readFile } = await import("./read_node.ts");
      return { bytes: await readFile(scheme === undefined ? text : new URL(text)), name: lastPart(text) };
    } catch (cause) {
      throw unreadable(text, cause);
    }
  }
  if (!FETCHED.has(scheme)) {
    throw unreadable(
      text,
      undefined,
      `a guest is read from a file or an http: or https: URL, not from "${scheme}:"`,
    );
  }
  let response: Response;
  try {
    response = await fetch(text);
  } catch (cause) {
    throw unreadable(text, cause);
  }
  return await readResponse(response, text);
}

const FETCHED = new Set(["http", "https", "data", "blob"]);

async function readResponse(response: Response, url: string): Promise<{ bytes: Uint8Array; name: string }> {
  if (!response.ok) {
    await response.body?.cancel();
    throw unreadable(url, undefined, `the server answered ${response.status}`);
  }
  try {
    return { bytes: new Uint8Array(await response.arrayBuffer()), name: lastPart(url) };
  } catch (cause) {
    throw unreadable(url, cause);
  }
}

function unreadable(
  source: string,
  cause: unknown,
  why = reasonOf(cause),
) {
  return new GuestLoadError("unreadable", `Cannot load "${lastPart(source)}": ${why}`, { cause });
}

function reasonOf(cause: unknown): string {
  const { code } = (cause ?? {}) as { code?: unknown };
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "it is a directory";
  return cause instanceof Error ? cause.message : "it cannot be read";
}

/** The file name in a path or URL, without query: that may be signed. */
function lastPart(source: string): string {
  const path = source.startsWith("data:") ? "" : source.split(/[?#]/)[0]!;
  return path.split(/[\\/]/).findLast((part) => part !== "") ?? "guest.wasm";
}

const PREVIEW1 = "wasi_snapshot_preview1";

/** A core module is not a component; what it imports says what would help. */
function refuseModule(bytes: Uint8Array, name: string): GuestLoadError {
  const { coreImports } = moduleOutline(bytes);
  const modules = [...new Set(coreImports.map(([module]) => module))];
  const begin = `Cannot load "${name}": it is a core module, not a component`;
  if (modules.includes(PREVIEW1)) {
    return new GuestLoadError(
      "core-module",
      `${begin}. It was built for WASI preview1, which has no networking; running it is not supported yet. ` +
        "Build it for wasm32-wasip2, or turn it into a component with `wasm-tools component new --adapt`",
    );
  }
  if (modules.includes("wasi_unstable")) {
    return new GuestLoadError(
      "core-module",
      `${begin}. It was built for WASI preview0, which is not supported`,
    );
  }
  const wit = modules.filter((module) => module.includes(":"));
  if (wit.length > 0) {
    return new GuestLoadError(
      "core-module",
      `${begin}. It imports component interfaces (${wit.map((one) => `"${one}"`).join(", ")}): ` +
        "turn it into a component with `wasm-tools component new`",
    );
  }
  const others = modules.length === 0 ? "nothing" : modules.map((one) => `"${one}"`).join(", ");
  return new GuestLoadError(
    "core-module",
    `${begin}. It imports ${others}, which is no WASI: load it with \`WebAssembly.instantiate\` and what it imports`,
  );
}
