/** Stores by URL, for programs that read URLs from their users and keep their stores. */
import { redactUrl } from "./http/redact.ts";
import {
  decodedPath,
  type OpenedStore,
  openStore,
  type OpenStoreOptions,
  parseStoreUrl,
} from "./open_store.ts";
import { ConfigurationError } from "./store/error.ts";
import type { ObjectStore } from "./store/object_store.ts";
import { type Path, segmentsOf, stripPrefix } from "./store/path.ts";

/** Options of {@linkcode StoreRegistry}. */
export interface StoreRegistryOptions {
  /**
   * What opens a URL that no registered store covers. Default {@linkcode openStore} without options; `false`: such a
   * URL is an error.
   */
  readonly open?: ((url: URL, options: OpenStoreOptions) => Promise<OpenedStore>) | false;
}

/**
 * Stores registered by URL: scheme, user information, host and port, then path segments. A URL resolves to the store
 * registered for the longest prefix of its segments.
 *
 * @example
 * ```ts
 * import { MemoryStore, StoreRegistry } from "@storeport/storeport";
 *
 * const registry = new StoreRegistry();
 * registry.register("app://data/reports", new MemoryStore());
 * const { store, path } = await registry.resolve("app://data/reports/2024%20Q1.csv");
 * await store.put(path, "a,b\n");
 * console.assert(path === "2024 Q1.csv");
 * ```
 */
export class StoreRegistry {
  /** By authority, then by path. */
  readonly #stores = new Map<string, Map<Path, ObjectStore>>();
  readonly #open: StoreRegistryOptions["open"];

  /** An empty registry. */
  constructor(options: StoreRegistryOptions = {}) {
    this.#open = options.open ?? ((url, storeOptions) => openStore(url, storeOptions));
  }

  /**
   * Registers a store rooted at a URL. Returns the one it replaces, if any.
   *
   * @throws {ConfigurationError} for a text that is no URL.
   * @throws {InvalidPathError} for a path that no object can have.
   */
  register(url: string | URL, store: ObjectStore): ObjectStore | undefined {
    const parsed = parseStoreUrl(url);
    const root = decodedPath(parsed);
    const stores = this.#at(parsed);
    const before = stores.get(root);
    stores.set(root, store);
    return before;
  }

  /** Forgets the store registered at exactly this URL, and returns it. Stores registered below it stay. */
  deregister(url: string | URL): ObjectStore | undefined {
    const parsed = parseStoreUrl(url);
    const stores = this.#stores.get(authorityOf(parsed));
    const root = decodedPath(parsed);
    const before = stores?.get(root);
    stores?.delete(root);
    if (stores?.size === 0) this.#stores.delete(authorityOf(parsed));
    return before;
  }

  /**
   * The store for a URL, and the rest of its path, percent-decoded. A URL that no store covers is opened, and its
   * store kept for all URLs of the same bucket or server; the options are for that case.
   *
   * @throws {ConfigurationError} for a URL that cannot be opened.
   * @throws {InvalidPathError} for a path that no object can have.
   */
  async resolve(url: string | URL, options: OpenStoreOptions = {}): Promise<OpenedStore> {
    const parsed = parseStoreUrl(url);
    const path = decodedPath(parsed);
    const found = this.#find(parsed, path);
    if (found !== undefined) return found;
    if (this.#open === undefined || this.#open === false) {
      throw new ConfigurationError(
        `Cannot resolve "${redactUrl(parsed.href)}": no store is registered for it`,
        {
          store: "ObjectStoreRegistry",
          key: "url",
        },
      );
    }
    const opened = await this.#open(parsed, options);
    // Meanwhile somebody else may have opened it too: then all share one.
    const now = this.#find(parsed, path);
    if (now !== undefined) return now;
    const root = segmentsOf(path).slice(0, segmentsOf(path).length - segmentsOf(opened.path).length).join(
      "/",
    );
    this.#at(parsed).set(root as Path, opened.store);
    return opened;
  }

  #at(url: URL): Map<Path, ObjectStore> {
    const authority = authorityOf(url);
    const stores = this.#stores.get(authority) ?? new Map<Path, ObjectStore>();
    this.#stores.set(authority, stores);
    return stores;
  }

  #find(url: URL, path: Path): OpenedStore | undefined {
    const stores = this.#stores.get(authorityOf(url));
    if (stores === undefined) return undefined;
    for (let root = path;; root = root.slice(0, Math.max(root.lastIndexOf("/"), 0)) as Path) {
      const store = stores.get(root);
      if (store !== undefined) return { store, path: stripPrefix(path, root)! };
      if (root === "") return undefined;
    }
  }
}

function authorityOf(url: URL): string {
  // `origin` is "null" for schemes that browsers do not know.
  const user = url.username === "" && url.password === "" ? "" : `${url.username}:${url.password}@`;
  return `${url.protocol}//${user}${url.host}`;
}
