/** Where S3 credentials come from: providers, and the simplest of them. */
import { maskCredential, type S3Credential } from "../credential.ts";

/** Provides credentials. Called for each attempt of each request, so it should keep them while they are valid. */
export interface S3CredentialProvider {
  /**
   * Credentials that are valid now, or `undefined` for unsigned requests. May return them without a promise,
   * which saves a turn of the event loop per request.
   */
  get(signal?: AbortSignal): Promise<S3Credential | undefined> | S3Credential | undefined;
  /** The service has refused these: provide others next time. */
  invalidate?(credential: S3Credential): void;
}

/** Fixed keys, which never expire. */
export function staticCredentials(credential: S3Credential): S3CredentialProvider {
  const kept = maskCredential(credential);
  return { get: () => kept };
}

/** No keys: requests go out unsigned, for public buckets. */
export function anonymousCredentials(): S3CredentialProvider {
  return { get: () => undefined };
}

/** A provider that is made when it is first asked. */
export function lazyCredentials(open: () => Promise<S3CredentialProvider>): S3CredentialProvider {
  let opened: S3CredentialProvider | undefined;
  let opening: Promise<S3CredentialProvider> | undefined;
  return {
    get: (signal) =>
      opened !== undefined ? opened.get(signal) : (opening ??= open()).then((provider) => {
        opened = provider;
        return provider.get(signal);
      }, (error) => {
        opening = undefined;
        throw error;
      }),
    invalidate: (credential) => opened?.invalidate?.(credential),
  };
}
