/** Whether a store's options say who it is. */
import { ConfigurationError } from "../../../store/error.ts";
import type { S3StoreOptions } from "../options.ts";

/**
 * Checks that options name credentials, or none on purpose.
 *
 * @throws {ConfigurationError} for half a pair of keys, or nothing at all.
 */
export function checkCredentials(options: S3StoreOptions): void {
  const { accessKeyId, secretAccessKey, sessionToken, credentials } = options;
  if (options.skipSignature || credentials !== undefined || accessKeyId && secretAccessKey) return;
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
  if (namesProvider(options)) return;
  throw new ConfigurationError(
    'No credentials for S3: give "accessKeyId" and "secretAccessKey", a "profile", "credentials" such as defaultCredentials(), "skipSignature" for a public bucket, or open the store from the environment with s3StoreFromEnv() or openStore(url, { env: true })',
    { store: "S3", key: "credentials" },
  );
}

/** Whether the options name someone who has to be asked for credentials. */
function namesProvider(options: S3StoreOptions): boolean {
  return !!(
    options.profile || options.webIdentityTokenFile && options.roleArn ||
    options.containerCredentialsRelativeUri || options.containerCredentialsFullUri
  ) || options.metadataEndpoint !== undefined || options.imdsv1Fallback !== undefined;
}
