/** Which provider a store's options ask for. */
import { ConfigurationError } from "../../store/error.ts";
import {
  anonymousCredentials,
  cachedCredentials,
  type S3CredentialProvider,
  staticCredentials,
} from "./credential.ts";
import type { S3CredentialOptions } from "./options.ts";

/**
 * The provider of credentials: unsigned requests, what was given, static keys, in this order.
 *
 * @throws {ConfigurationError} for half a pair of keys, or nothing at all.
 */
export function resolveCredentials(options: S3CredentialOptions): S3CredentialProvider {
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
  throw new ConfigurationError(
    'No credentials for S3: give "accessKeyId" and "secretAccessKey", "credentials", or "skipSignature" for a public bucket',
    { store: "S3", key: "credentials" },
  );
}
