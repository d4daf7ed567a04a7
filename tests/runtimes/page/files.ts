/** Files of the machine as responses. */
import { extname, join, normalize } from "node:path";

const TYPES: Readonly<Record<string, string>> = { ".js": "text/javascript", ".wasm": "application/wasm" };

/** A file below `folder`. */
export async function serveDir(folder: string, pathname: string): Promise<Response> {
  const path = join(folder, normalize(decodeURIComponent(pathname)));
  try {
    const body = (await Deno.open(path)).readable;
    return new Response(body, {
      headers: { "content-type": TYPES[extname(path)] ?? "application/octet-stream" },
    });
  } catch {
    return new Response("not found", { status: 404 });
  }
}
