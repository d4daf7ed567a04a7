/** Which provider a store's options ask for. */
import { ConfigurationError } from "../../store/error.ts";
import {
  anonymousCredentials,
  cachedCredentials,
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
  if (typeof credentials === "function") return cachedCredentials(credentials);
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
  const asked = askedProvider(options);
  if (asked !== undefined) return asked;
  throw new ConfigurationError(
    'No credentials for S3: give "accessKeyId" and "secretAccessKey", a "profile", "credentials" such as defaultCredentials(), "skipSignature" for a public bucket, or open the store from the environment with s3StoreFromEnv() or openStore(url, { env: true })',
    { store: "S3", key: "credentials" },
  );
}

/** The provider that has to be asked for credentials; `undefined` where the options name none. */
function askedProvider(options: Options): S3CredentialProvider | undefined {
  const { profile, webIdentityTokenFile, roleArn, metadataEndpoint, imdsv1Fallback } = options;
  const named = profile || (webIdentityTokenFile && roleArn) || options.containerCredentialsRelativeUri ||
    options.containerCredentialsFullUri || metadataEndpoint !== undefined || imdsv1Fallback !== undefined;
  return named
    ? cachedCredentials(async () => {
      const { fetchAsked } = await import("./credentials/asked.ts");
      return await fetchAsked(options);
    })
    : undefined;
}
