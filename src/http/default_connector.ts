/** The connector that is used where none is given. */
import type { HttpConnector } from "./connector.ts";
import { FetchConnector } from "./fetch.ts";
import { LazyService } from "./lazy_service.ts";
import type { ClientOptions } from "./options.ts";
import { isNode, isWorkerd } from "./platform.ts";
import type { HttpService } from "./service.ts";
import { NotSupportedError } from "../store/error.ts";

/**
 * A connector of what this environment has, found when a service is connected: `fetch`, or `node:http` where there is
 * no `fetch`, where `fetch` cannot honour an option, where a `policy` wants to see the addresses that names resolve to,
 * and on Node, whose `fetch` takes three to four times its processor time. `NODE_USE_ENV_PROXY` keeps Node at its
 * `fetch`, which goes by the proxies of the environment.
 *
 * ```ts ignore
 * const service = defaultConnector().connect();
 * const response = await service.call({ method: "GET", url: "https://example.com/", headers: [] });
 * console.log(await response.text());
 * ```
 */
export function defaultConnector(): HttpConnector {
  return new DefaultConnector();
}

class DefaultConnector implements HttpConnector {
  /** @throws {NotSupportedError} for an option that nothing here can honour, and where nothing can connect. */
  connect(options: ClientOptions = {}): HttpService {
    const node = hasNodeHttp();
    if (node && (options.policy !== undefined || prefersNodeHttp())) return nodeService(options);
    try {
      return new FetchConnector().connect(options);
    } catch (error) {
      if (node && error instanceof NotSupportedError) return nodeService(options);
      throw error;
    }
  }
}

/** Whether `node:http` can be imported, asked in the way that bundles for browsers do not stumble over. */
function hasNodeHttp(): boolean {
  if (isWorkerd()) return false;
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  return typeof process?.getBuiltinModule === "function" &&
    process.getBuiltinModule("node:http") !== undefined;
}

function prefersNodeHttp(): boolean {
  if (!isNode()) return false;
  const { process } = globalThis as { process?: { env: Record<string, string | undefined> } };
  return !process?.env.NODE_USE_ENV_PROXY;
}

/** A service over `node:http`, loaded with its first request: programs over `fetch` do without it. */
function nodeService(options: ClientOptions): HttpService {
  return new LazyService(async () => new (await import("./node.ts")).NodeHttpConnector().connect(options));
}
