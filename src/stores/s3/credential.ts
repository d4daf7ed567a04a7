/** S3 credentials: what they are, and who gives them. */
import { maskCredential } from "./credentials/masked.ts";

/** Keys that requests are signed with. */
export interface S3Credential {
  /** Id of the key, sent with every request. */
  readonly accessKeyId: string;
  /** The secret; it never leaves the program. */
  readonly secretAccessKey: string;
  /** Session token of temporary credentials. */
  readonly sessionToken?: string;
  /** When they end; never where absent. */
  readonly expiration?: Date;
}

/** Gives credentials. Asked for each attempt of each request, so it keeps what it has for as long as that is good. */
export interface S3CredentialProvider {
  /**
   * Credentials that are good now, or `undefined` for requests without a signature. May return them without a promise,
   * which saves a turn of the event loop a request.
   */
  get(signal?: AbortSignal): Promise<S3Credential | undefined> | S3Credential | undefined;
  /** The service has refused these: get others next time. */
  invalidate?(credential: S3Credential): void;
}

/** The same keys for ever. */
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
