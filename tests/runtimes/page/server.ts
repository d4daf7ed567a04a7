/** Serves the page, the program and the guests, and tells what the guests' origin saw. */
import { serveDir } from "./files.ts";
import { type Origin, startOrigin } from "../../guests/origin.ts";
import { join } from "node:path";
import { ROOT } from "../places.ts";

/** A running server. */
export interface PageServer {
  /** Without a slash at the end. */
  readonly url: string;
  /** What guests talk to. */
  readonly origin: Origin;
  close(): Promise<void>;
}

/** Starts it; `program` is the folder with the bundle. */
export async function servePage(program: string): Promise<PageServer> {
  const origin = await startOrigin();
  const answers: Readonly<Record<string, () => unknown>> = {
    reset: () => origin.seen.splice(0).length,
    seen: () => origin.seen,
    connections: () => origin.connections(),
    closeIdle() {
      origin.closeIdle();
      return true;
    },
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const question = /^\/origin\/(\w+)$/.exec(pathname)?.[1];
    const response = question !== undefined && question in answers
      ? Response.json(answers[question]!())
      : pathname.startsWith("/guests/")
      ? await serveDir(join(ROOT, "tests"), pathname)
      : pathname.startsWith("/tests/program/")
      ? await serveDir(program, pathname.slice("/tests/program".length))
      : new Response("", { headers: { "content-type": "text/html" } });
    response.headers.set("access-control-allow-origin", "*");
    return response;
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    origin,
    async close() {
      await Promise.all([server.shutdown(), origin.close()]);
    },
  };
}
