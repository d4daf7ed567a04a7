/** Who signs: WebCrypto on pages, elsewhere code without promises, which is loaded with the first request. */
import type { HeaderEntry } from "../../http/headers.ts";
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

async function signLater(request: SignableRequest, options: SignOptions): Promise<HeaderEntry[]> {
  // Absent in insecure contexts. Platforms with a hash that is no promise are no pages.
  const subtle = globalThis.crypto?.subtle;
  if (subtle !== undefined && platformSha256() === undefined) {
    try {
      return await signByWebCrypto(subtle, request, options);
    } catch {
      // Not every WebCrypto has HMAC.
    }
  }
  sync = await import("./sigv4.ts");
  return sync.signRequest(request, options);
}
