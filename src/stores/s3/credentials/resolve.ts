/** Which provider a store's options ask for. */
import type { S3Credential } from "../credential.ts";
import {
  anonymousCredentials,
  lazyCredentials,
  type S3CredentialProvider,
  staticCredentials,
} from "./provider.ts";
import type { S3StoreOptions } from "../options.ts";

/**
 * The provider of credentials: unsigned requests, what was given, static keys, a profile, a web identity, the
 * container, the instance, in this order. Only what the options name, which have been checked (`checkCredentials`): the
 * environment is another matter (`s3StoreFromEnv`, `defaultCredentials`).
 */
export function resolveCredentials(options: S3StoreOptions): S3CredentialProvider {
  const { accessKeyId, secretAccessKey, sessionToken, credentials } = options;
  if (options.skipSignature) return anonymousCredentials();
  if (typeof credentials === "function") return fetchedCredentials(credentials);
  if (credentials !== undefined) return "get" in credentials ? credentials : staticCredentials(credentials);
  if (accessKeyId && secretAccessKey) {
    return staticCredentials({ accessKeyId, secretAccessKey, sessionToken: sessionToken || undefined });
  }
  return fetchedCredentials(async () => {
    const { fetchFromOptions } = await import("./from_options.ts");
    return await fetchFromOptions(options);
  });
}

/** Credentials that are fetched and kept, for which more is loaded than for keys. */
function fetchedCredentials(fetch: () => Promise<S3Credential>): S3CredentialProvider {
  return lazyCredentials(async () => {
    const { cachedCredentials } = await import("./cached.ts");
    return cachedCredentials(fetch);
  });
}
