/** From what a user enters to a store. */
import { HttpStore } from "@storeport/storeport/http";
import { MemoryStore } from "@storeport/storeport/memory";
import type { ObjectStore } from "@storeport/storeport";
import { UploadConnector } from "./upload_connector.ts";

/** What a store is opened with. Kept in this page's memory alone. */
export type Settings =
  | {
    readonly kind: "http";
    readonly url: string;
    readonly token?: string;
    readonly username?: string;
    readonly password?: string;
  }
  | {
    readonly kind: "s3";
    readonly bucket: string;
    readonly endpoint?: string;
    readonly region?: string;
    readonly accessKeyId?: string;
    readonly secretAccessKey?: string;
    readonly sessionToken?: string;
  }
  | { readonly kind: "memory" };

/** A store that the page works with. */
export interface Connected {
  readonly settings: Settings;
  readonly store: ObjectStore;
  /** As the user would name it, without secrets. */
  readonly label: string;
  /** Where it is, for a guest that shall reach it. */
  readonly origin?: string;
  /** The URL of an object, where it has one that can be handed on. */
  urlOf?(path: string): string;
  /** Everything that writes is refused. */
  readonly readOnly: boolean;
  /** Lets go of connections. */
  close(): void;
}

/** What the gateway that serves this page says of itself. */
export interface GatewayInfo {
  readonly store: string;
  readonly readOnly: boolean;
  readonly auth: readonly string[];
}

/** Asks for the gateway behind this page; `undefined` where a plain web server has it. */
export async function findGateway(): Promise<GatewayInfo | undefined> {
  try {
    const response = await fetch(new URL("gateway.json", document.baseURI), { cache: "no-store" });
    if (!response.ok || !response.headers.get("content-type")?.startsWith("application/json")) {
      return undefined;
    }
    const info = await response.json() as GatewayInfo;
    return { ...info, store: new URL(info.store, document.baseURI).href };
  } catch {
    return undefined;
  }
}

/**
 * Opens a store; nothing is asked of it yet.
 *
 * @throws {ConfigurationError} for settings that make no sense.
 */
export async function openConnection(settings: Settings, gateway?: GatewayInfo): Promise<Connected> {
  switch (settings.kind) {
    case "memory":
      return {
        settings,
        store: new MemoryStore(),
        label: "Memory of this page",
        readOnly: false,
        close: () => {},
      };
    case "http":
      return openHttp(settings, gateway);
    case "s3":
      return await openS3(settings);
  }
}

function openHttp(settings: Settings & { kind: "http" }, gateway: GatewayInfo | undefined): Connected {
  const { token, username, password } = settings;
  const url = settings.url.trim();
  const store = new HttpStore(url, {
    connector: new UploadConnector(),
    auth: token ? { bearer: token } : username ? { username, password: password ?? "" } : undefined,
    // Who types "http:" means it.
    client: { allowHttp: true },
  });
  const base = new URL(url);
  base.username = base.password = "";
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  return {
    settings,
    store,
    label: base.host + base.pathname.replace(/\/$/, ""),
    origin: base.origin,
    urlOf: (path) => base.href + path.split("/").map(encodeURIComponent).join("/"),
    readOnly: gateway?.store === base.href && gateway.readOnly,
    close: () => store.close(),
  };
}

async function openS3(settings: Settings & { kind: "s3" }): Promise<Connected> {
  // Only who uses it loads it.
  const { anonymousCredentials, S3Store } = await import("@storeport/storeport/s3");
  const { bucket, endpoint, region, accessKeyId, secretAccessKey, sessionToken } = settings;
  const keys = accessKeyId
    ? { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) }
    // Without keys it must not look for any: a page has no environment, and no instance metadata.
    : { credentials: anonymousCredentials() };
  const store = new S3Store({
    bucket,
    ...(endpoint ? { endpoint } : {}),
    ...(region ? { region } : {}),
    ...keys,
    connector: new UploadConnector(),
    client: { allowHttp: true },
  });
  const origin = endpoint ? new URL(endpoint).origin : undefined;
  return { settings, store, label: `s3://${bucket}`, origin, readOnly: false, close: () => store.close() };
}
