/** Who signs: WebCrypto on pages, elsewhere code without promises, which is loaded with the first request. */
import type { HeaderEntry } from "../../../http/headers.ts";
import type { SignableRequest, SignOptions } from "./canonical.ts";
import { platformSha256 } from "./hash_node.ts";
import { signByWebCrypto } from "./sigv4_web.ts";

let sync: typeof import("./sigv4.ts") | undefined;

/** The header lines of a request with its signature. */
export function signRequest(
  request: SignableRequest,
  options: SignOptions,
): HeaderEntry[] | Promise<HeaderEntry[]> {
  return sync === undefined ? signLater(request, options) : sync.signRequest(request, options);
}

/**
 * Whether this is a page, or a worker of one. Elsewhere WebCrypto saves nothing, and where the engine of guests
 * (StarlingMonkey) collects garbage it takes the bytes of imported keys with it: what is signed then is signed wrong.
 */
function isPage(): boolean {
  return "document" in globalThis || "WorkerGlobalScope" in globalThis;
}

async function signLater(request: SignableRequest, options: SignOptions): Promise<HeaderEntry[]> {
  // Absent in insecure contexts.
  const subtle = globalThis.crypto?.subtle;
  if (subtle !== undefined && platformSha256() === undefined && isPage()) {
    try {
      return await signByWebCrypto(subtle, request, options);
    } catch {
      // Not every WebCrypto has HMAC.
    }
  }
  sync = await import("./sigv4.ts");
  return sync.signRequest(request, options);
}
