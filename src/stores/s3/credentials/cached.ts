/** Credentials that are fetched, and kept until shortly before they expire. */
import { UnauthenticatedError } from "../../../store/error.ts";
import type { S3Credential } from "../credential.ts";
import type { S3CredentialProvider } from "./provider.ts";
import { maskCredential } from "../core.ts";

/** Options of {@linkcode cachedCredentials}. */
export interface CachedCredentialsOptions {
  /** Renewed when they have no more than this left, in milliseconds. Default 300,000. */
  readonly minTtl?: number;
  /** Least time between attempts to renew credentials that are still valid, in milliseconds. Default 100. */
  readonly fetchBackoff?: number;
  /** Called when renewal failed and the old, still valid credentials remain in use. What it throws is ignored. */
  readonly onRefreshError?: (error: unknown) => void;
  /** Milliseconds since the epoch. Default the clock. */
  readonly now?: () => number;
}

/**
 * A provider over a function that fetches credentials: what it returns is kept until shortly before it expires, and one
 * fetch serves all who wait. Where renewing fails and the old ones are still good, they are used on.
 *
 * The fetch is not given the signal of one caller, since others may wait for it too; a caller whose signal is aborted
 * stops waiting.
 */
export function cachedCredentials(
  fetch: () => Promise<S3Credential>,
  options: CachedCredentialsOptions = {},
): S3CredentialProvider {
  return new CachedCredentials(fetch, options);
}

/**
 * How long credentials are used that had ended when they came, in milliseconds: then it is our clock that is wrong, or
 * who gave them; the service will say. Without this each request would fetch them anew.
 */
const EXPIRED_TTL = 60_000;

class CachedCredentials implements S3CredentialProvider {
  readonly #fetch: () => Promise<S3Credential>;
  readonly #minTtl: number;
  readonly #fetchBackoff: number;
  readonly #now: () => number;
  readonly #onRefreshError: ((error: unknown) => void) | undefined;
  #current: S3Credential | undefined;
  #pending: Promise<S3Credential> | undefined;
  #lastFetch = -Infinity;
  /** Whether what was fetched last had ended already, by our clock. */
  #cameExpired = false;

  constructor(fetch: () => Promise<S3Credential>, options: CachedCredentialsOptions) {
    this.#fetch = fetch;
    this.#minTtl = options.minTtl ?? 300_000;
    this.#fetchBackoff = options.fetchBackoff ?? 100;
    this.#now = options.now ?? Date.now;
    this.#onRefreshError = options.onRefreshError;
  }

  get(signal?: AbortSignal): Promise<S3Credential> | S3Credential {
    const current = this.#current;
    if (current !== undefined) {
      const left = current.expiration === undefined ? Infinity : current.expiration.getTime() - this.#now();
      if (left > this.#minTtl) return current;
      // Some services hand out the same credentials until the last minute: do not ask for each request.
      if (left > 0 && this.#now() - this.#lastFetch < this.#fetchBackoff) return current;
      if (left > 0) return waitFor(this.#renew().catch(() => current), signal);
      if (this.#cameExpired && this.#now() - this.#lastFetch < EXPIRED_TTL) return current;
    }
    return waitFor(this.#renew(), signal);
  }

  invalidate(credential: S3Credential): void {
    // A late refusal of old ones says nothing about those fetched since.
    if (
      this.#current?.accessKeyId === credential.accessKeyId &&
      this.#current.sessionToken === credential.sessionToken
    ) {
      this.#current = undefined;
    }
  }

  #renew(): Promise<S3Credential> {
    if (this.#pending !== undefined) return this.#pending;
    this.#lastFetch = this.#now();
    const pending = this.#fetch().then((credential) => {
      if (!credential.accessKeyId || !credential.secretAccessKey) {
        throw new UnauthenticatedError("Cannot use the credentials fetched: a key is missing", {
          store: "S3",
        });
      }
      this.#cameExpired = (credential.expiration?.getTime() ?? Infinity) <= this.#now();
      return this.#current = maskCredential(credential);
    }).finally(() => this.#pending = undefined);
    // Whoever waits is told; when all have left, nobody must be. Once a fetch, however many wait.
    const old = this.#current;
    pending.catch((error) => {
      if (old !== undefined && (old.expiration?.getTime() ?? Infinity) > this.#now()) this.#warn(error);
    });
    return this.#pending = pending;
  }

  #warn(error: unknown): void {
    try {
      this.#onRefreshError?.(error);
    } catch {
      // A warning that fails must not fail a request.
    }
  }
}

/** Waits for what others wait for too, no longer than the signal allows. */
async function waitFor<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise;
  signal.throwIfAborted();
  let onAbort!: () => void;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
