/** Opening a store by URL. A backend is loaded when a URL asks for it. */
import type { HttpConnector } from "./http/connector.ts";
import { redactUrl } from "./http/redact.ts";
import { ConfigurationError, InvalidPathError } from "./store/error.ts";
import type { ObjectStore } from "./store/object_store.ts";
import { parsePath, type Path, pathFromUrl } from "./store/path.ts";
import { arnAsHost } from "./stores/s3/endpoint/arn_url.ts";

/** A store and the path in it that a URL named. */
export interface OpenedStore {
  /** Rooted at the bucket, the server or the file system, not at the path. */
  readonly store: ObjectStore;
  /** The rest of the URL's path, percent-decoded. */
  readonly path: Path;
}

/**
 * Options of the store that the URL names: those of its constructor, as values or as text (`"true"`, `"30s"`), in
 * camelCase or snake_case. A key that the store does not know is refused. Three are known to all:
 *
 * - `connector` carries the requests of stores that speak HTTP, and `retry` says what they try again (`RetryOptions`, or
 *   `false`) and whom they tell of it; the others have no use for either;
 * - `env: true` lets cloud stores read the environment (`AWS_…` for S3, with the shared files and metadata services of
 *   the AWS tools) for all that is not given; a record of variables is read in its stead. Default: nothing is read.
 */
export type OpenStoreOptions = Readonly<Record<string, unknown>>;

/** How URLs of one backend are told and opened. */
interface Backend {
  /** Schemes that are its own. */
  readonly schemes: readonly string[];
  /** Whether an `http:` or `https:` URL is one of its service's. */
  readonly recognizes?: (url: URL, options: OpenStoreOptions) => boolean | Promise<boolean>;
  /** Opens a checked URL: no control characters, no dot segments, no query, no fragment. */
  open(url: URL, options: OpenStoreOptions, shared: SharedOptions): Promise<OpenedStore>;
}

/** Options that are no store's own. */
interface SharedOptions {
  readonly connector?: HttpConnector;
  readonly env?: boolean | Readonly<Record<string, string | undefined>>;
}

/** In the order in which they are asked; a backend is one entry that loads its own module. */
const BACKENDS: readonly Backend[] = [
  { schemes: ["memory"], open: openMemory },
  { schemes: ["file"], open: openFile },
  { schemes: ["s3", "s3a"], recognizes: recognizesS3, open: openS3 },
  // Takes every `http:` and `https:` URL that no service above recognizes.
  { schemes: ["http", "https"], open: openHttp },
];

/** Short name that errors of this module carry. */
const STORE = "URL";

/** The schemes that {@linkcode openStore} knows, such as `memory` and `https`. */
export function knownSchemes(): string[] {
  return BACKENDS.flatMap(({ schemes }) => schemes);
}

/**
 * Opens the store that a URL names.
 *
 * | URL | store | path |
 * |---|---|---|
 * | `memory:///p` | a new, empty `MemoryStore` | the URL's path |
 * | `file:///p` | `LocalStore` of the whole file system | the URL's path |
 * | `s3://bucket/p`, `s3a://bucket/p` | `S3Store` of the bucket | the URL's path |
 * | `s3://arn:aws:s3:region:account:accesspoint/name/p` | `S3Store` of the access point | what follows its name |
 * | `https://bucket.s3.region.amazonaws.com/p`, `https://s3.region.amazonaws.com/bucket/p` and their kin; `https://` URLs of Cloudflare R2, Wasabi, Backblaze, DigitalOcean, … | `S3Store` of the bucket | the key |
 * | any other `http:` or `https:` URL, with the option `provider` (`"minio"`, …) | `S3Store` of the bucket first in the path | the key |
 * | `http://host/p`, `https://host/p` | `HttpStore` of the server | the URL's path |
 *
 * A bucket needs credentials, or `skipSignature` where it is public: give them as options, or `env: true`.
 *
 * Nothing of the URL is lost silently: a query, a fragment, `..` and characters that URL parsers drop are refused, so
 * write `?` and `#` in keys as `%3F` and `%23`.
 *
 * @example
 * ```ts
 * import { openStore } from "@storeport/storeport";
 *
 * const { store, path } = await openStore("memory:///reports/2024%20Q1.csv");
 * await store.put(path, "a,b\n");
 * console.assert(path === "reports/2024 Q1.csv");
 * ```
 *
 * @throws {ConfigurationError} for a text that is no URL, an unknown scheme, an unknown option or a bad value.
 * @throws {InvalidPathError} for a path that no object can have.
 */
export async function openStore(url: string | URL, options: OpenStoreOptions = {}): Promise<OpenedStore> {
  const parsed = parseStoreUrl(url);
  const { connector, env, ...rest } = options;
  const backend = await backendOf(parsed, rest);
  return await backend.open(parsed, rest, { connector, env } as SharedOptions);
}

/**
 * Parses the URL of a store strictly. An ARN that stands for the bucket becomes the URL's host, percent-encoded.
 *
 * @throws {ConfigurationError} for a text that is no URL.
 * @throws {InvalidPathError} for one whose path would not survive parsing.
 */
export function parseStoreUrl(url: string | URL): URL {
  const text = typeof url === "string" ? url : url.href;
  const shown = JSON.stringify(redactUrl(text));
  const parts = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)([^]*)$/i.exec(text);
  if (parts === null) {
    throw new ConfigurationError(
      `Cannot open ${shown}: it is not a URL such as "file:///data" or "https://host/data"`,
      {
        store: STORE,
        key: "url",
      },
    );
  }
  const [, scheme = "", , path = "", rest = ""] = parts;
  const problem = pathProblem(scheme.toLowerCase(), text, path, rest);
  if (problem !== undefined) throw new InvalidPathError(`Cannot open ${shown}: ${problem}`, { store: STORE });
  const parsable = arnAsHost(text, shown);
  try {
    return new URL(parsable);
  } catch {
    // The parser's own error quotes the URL, which may hold a password.
    throw new ConfigurationError(`Cannot open ${shown}: its host or port is not valid`, {
      store: STORE,
      key: "url",
    });
  }
}

function pathProblem(scheme: string, text: string, path: string, rest: string): string | undefined {
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u001f\u007f]|^ | $/.test(text)) {
    return "a control character, or a blank at an end, would be dropped; objects cannot have control characters";
  }
  // Special schemes take it for a slash.
  if (/^(?:https?|file)$/.test(scheme) && path.includes("\\")) return 'write a backslash as "%5C"';
  if (path.split("/").some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment))) {
    return 'a segment "." or ".." is not allowed';
  }
  if (rest.startsWith("?")) return 'it has a query; write "?" in a key as "%3F"';
  return rest === "" ? undefined : 'it has a fragment; write "#" in a key as "%23"';
}

const GOOGLE = "Google Cloud Storage is reached as S3: write s3://, set the endpoint to " +
  '"https://storage.googleapis.com", and use an HMAC key';

async function backendOf(url: URL, options: OpenStoreOptions): Promise<Backend> {
  const scheme = url.protocol.slice(0, -1);
  const http = scheme === "http" || scheme === "https";
  for (const backend of BACKENDS) {
    if (backend.schemes.includes(scheme)) return backend;
    if (http && await backend.recognizes?.(url, options)) return backend;
  }
  throw new ConfigurationError(
    `Cannot open "${redactUrl(url.href)}": no store has the scheme "${scheme}"; ` +
      (scheme === "gs" ? GOOGLE : `known schemes are ${knownSchemes().join(", ")}`),
    { store: STORE, key: "url" },
  );
}

async function openMemory(url: URL, options: OpenStoreOptions): Promise<OpenedStore> {
  refuseHost(url);
  const own = withoutRetry(options);
  const [key] = Object.keys(own).filter((key) => own[key] !== undefined);
  if (key !== undefined) {
    throw new ConfigurationError(`Unknown configuration key "${key}" for InMemory: it has no options`, {
      store: "InMemory",
      key,
    });
  }
  const { MemoryStore } = await import("./stores/memory/mod.ts");
  return { store: new MemoryStore(), path: pathFromUrl(url.pathname, STORE) };
}

async function openFile(url: URL, options: OpenStoreOptions): Promise<OpenedStore> {
  refuseHost(url);
  const { localStoreFromConfig } = await import("./stores/local/mod.ts");
  // A drive of Windows is a root of its own.
  const drive = /^\/[a-z]:(?=\/|$)/i.exec(url.pathname)?.[0] ?? "";
  const path = pathFromUrl(url.pathname.slice(drive.length), STORE);
  return { store: localStoreFromConfig(new URL(`file://${drive}/`), withoutRetry(options)), path };
}

/** Options of a store that sends no requests. As text the option is none, which the store says itself. */
function withoutRetry({ retry, ...options }: OpenStoreOptions): OpenStoreOptions {
  return typeof retry === "string" ? { ...options, retry } : options;
}

async function recognizesS3(url: URL, options: OpenStoreOptions): Promise<boolean> {
  // Only S3 has providers: whoever names one says what the host is.
  if (options.provider !== undefined) return true;
  const { isS3Url } = await import("./stores/s3/endpoint/url.ts");
  return isS3Url(url);
}

async function openS3(
  url: URL,
  options: OpenStoreOptions,
  { connector, env }: SharedOptions,
): Promise<OpenedStore> {
  const { parseS3Url } = await import("./stores/s3/endpoint/url.ts");
  const { options: named, path } = parseS3Url(url, options.provider !== undefined);
  const config = { ...options, ...named };
  if (env) {
    const { s3StoreFromEnv } = await import("./stores/s3/environment.ts");
    const store = await s3StoreFromEnv(config, connector, env === true ? undefined : env);
    return { store, path };
  }
  const { s3StoreFromConfig } = await import("./stores/s3/config.ts");
  return { store: s3StoreFromConfig(config, connector), path };
}

async function openHttp(
  url: URL,
  options: OpenStoreOptions,
  { connector }: SharedOptions,
): Promise<OpenedStore> {
  const { httpStoreFromConfig } = await import("./stores/http/mod.ts");
  const path = pathFromUrl(url.pathname, STORE);
  const base = new URL(url);
  base.pathname = "/";
  return { store: httpStoreFromConfig(base, options, connector), path };
}

function refuseHost(url: URL): void {
  if (url.host === "") return;
  throw new ConfigurationError(
    `Cannot open "${redactUrl(url.href)}": "${url.protocol}" URLs have no host; write three slashes`,
    { store: STORE, key: "url" },
  );
}

/** The segments of a URL's path, decoded; for telling which part of it a store is rooted at. */
export function decodedPath(url: URL): Path {
  return url.pathname === "" ? parsePath("", STORE) : pathFromUrl(url.pathname, STORE);
}
