/** {@linkcode HttpStore} over both connectors, against servers that a test makes up. */
import type { HttpConnector } from "../../src/http/connector.ts";
import { FetchConnector } from "../../src/http/fetch.ts";
import { NodeHttpConnector } from "../../src/http/node.ts";
import { HttpStore, type HttpStoreOptions } from "../../src/stores/http/mod.ts";

/** Retries that a test can wait for. */
export const QUICK: HttpStoreOptions["client"] = { retry: { maxRetries: 2, initBackoff: 1, maxBackoff: 2 } };

/** Runs `test` over both connectors against a server with this handler. */
export function overServer(
  name: string,
  handler: (request: Request, url: URL) => Response | Promise<Response>,
  test: (store: HttpStore, url: string) => Promise<void>,
  options: HttpStoreOptions & { readonly base?: string } = {},
): void {
  overConnectors(name, async (connector) => {
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => handler(request, new URL(request.url)),
    );
    const url = `http://127.0.0.1:${server.addr.port}`;
    const { base = "/", ...rest } = options;
    const store = new HttpStore(url + base, { connector, client: QUICK, ...rest });
    try {
      await test(store, url);
    } finally {
      store.close();
      await server.shutdown();
    }
  });
}

/** Runs `test` over both connectors against a socket that answers each connection with these bytes and closes it. */
export function overSocket(
  name: string,
  answers: readonly string[],
  test: (store: HttpStore) => Promise<void>,
): void {
  overConnectors(name, async (connector) => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    let index = 0;
    const serving = (async () => {
      for await (const connection of listener) {
        await connection.read(new Uint8Array(65_536));
        const answer = answers[Math.min(index++, answers.length - 1)]!;
        await connection.write(new TextEncoder().encode(answer));
        connection.close();
      }
    })();
    const url = `http://127.0.0.1:${listener.addr.port}/`;
    const store = new HttpStore(url, { connector, client: QUICK });
    try {
      await test(store);
    } finally {
      store.close();
      listener.close();
      await serving;
    }
  });
}

function overConnectors(name: string, test: (connector: HttpConnector) => Promise<void>): void {
  for (const Connector of [FetchConnector, NodeHttpConnector]) {
    Deno.test(`${name} (${Connector.name})`, () => test(new Connector()));
  }
}
