/** A gateway over a store in memory, asked without a server in between. */
import { createGateway, type GatewayOptions } from "../../src/gateway/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";

/** What `a/digits.txt` holds. */
export const TEXT = "0123456789";

/** Sends one request. */
export interface Ask {
  (method: string, path: string, headers?: HeadersInit, body?: BodyInit): Promise<Response>;
}

/** A gateway over three objects: `a/digits.txt`, `a/b/deep.bin` and `empty`. */
export async function gatewayWith(options: GatewayOptions = {}, store = new MemoryStore()): Promise<Ask> {
  await store.put("a/digits.txt", TEXT, {
    attributes: { contentType: "text/plain", cacheControl: "no-cache", metadata: { owner: "me" } },
  });
  await store.put("a/b/deep.bin", new Uint8Array([1, 2, 3]));
  await store.put("empty", "");
  const gateway = createGateway(store, options);
  return (method, path, headers, body) => {
    const init: RequestInit & { duplex?: "half" } = { method, headers, body };
    if (body instanceof ReadableStream) init.duplex = "half";
    return gateway.fetch(new Request(`http://gateway.test${path}`, init));
  };
}

/** The status of an answer whose body nobody wants. */
export async function status(response: Promise<Response>): Promise<number> {
  const { status, body } = await response;
  await body?.cancel();
  return status;
}
