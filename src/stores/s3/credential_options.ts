/** Which provider a store's options ask for. */
import { ConfigurationError } from "../../store/error.ts";
import {
  anonymousCredentials,
  lazyCredentials,
  type S3Credential,
  type S3CredentialProvider,
  staticCredentials,
} from "./credential.ts";
import type { S3StoreOptions } from "./options.ts";

/** Of a store's options, those that say who it is, and through whom that is asked. */
type Options = Partial<S3StoreOptions>;

/**
 * The provider of credentials: unsigned requests, what was given, static keys, a profile, a web identity, the
 * container, the instance, in this order. Only what the options name: the environment is another matter
 * (`s3StoreFromEnv`, `defaultCredentials`).
 *
 * @throws {ConfigurationError} for half a pair of keys, or nothing at all.
 */
export function resolveCredentials(options: Options): S3CredentialProvider {
  const { accessKeyId, secretAccessKey, sessionToken, credentials } = options;
  if (options.skipSignature) return anonymousCredentials();
  if (typeof credentials === "function") {
    return fetchedCredentials(credentials);
  }
  if (credentials !== undefined) {
    return "get" in credentials ? credentials : staticCredentials(credentials);
  }
  if (
    accessKeyId !== undefined && secretAccessKey !== undefined && accessKeyId !== "" && secretAccessKey !== ""
  ) {
    return staticCredentials({ accessKeyId, secretAccessKey, sessionToken: sessionToken || undefined });
  }
  const given = accessKeyId
    ? "accessKeyId"
    : secretAccessKey
    ? "secretAccessKey"
    : sessionToken
    ? "sessionToken"
    : undefined;
  if (given !== undefined) {
    throw new ConfigurationError(
      `Cannot use "${given}" alone: "accessKeyId" and "secretAccessKey" belong together`,
      { store: "S3", key: given },
    );
  }
  if (namesProvider(options)) {
    return fetchedCredentials(async () => {
      const { fetchAsked } = await import("./credentials/asked.ts");
      return await fetchAsked(options);
    });
  }
  throw new ConfigurationError(
    'No credentials for S3: give "accessKeyId" and "secretAccessKey", a "profile", "credentials" such as defaultCredentials(), "skipSignature" for a public bucket, or open the store from the environment with s3StoreFromEnv() or openStore(url, { env: true })',
    { store: "S3", key: "credentials" },
  );
}

/** Credentials that are fetched and kept, for which more is loaded than for keys. */
function fetchedCredentials(fetch: () => Promise<S3Credential>): S3CredentialProvider {
  return lazyCredentials(async () => {
    const { cachedCredentials } = await import("./cached_credentials.ts");
    return cachedCredentials(fetch);
  });
}

/** Whether the options name someone who has to be asked for credentials. */
function namesProvider(options: Options): boolean {
  return !!(
    options.profile || options.webIdentityTokenFile && options.roleArn ||
    options.containerCredentialsRelativeUri || options.containerCredentialsFullUri
  ) || options.metadataEndpoint !== undefined || options.imdsv1Fallback !== undefined;
}
