/** S3 credentials, and how they are printed without their secrets. */

/** Keys that requests are signed with. */
export interface S3Credential {
  /** Id of the key, sent with every request. */
  readonly accessKeyId: string;
  /** The secret; it never leaves the program. */
  readonly secretAccessKey: string;
  /** Session token of temporary credentials. */
  readonly sessionToken?: string;
  /** When they expire; never if absent. */
  readonly expiration?: Date;
}

/**
 * The same credentials as an object whose secret and token are not seen by `console.log`, `Deno.inspect`, Node's
 * `util.inspect`, `JSON.stringify` or template strings: a log line must not give an account away.
 */
export function maskCredential(credential: S3Credential): S3Credential {
  return credential instanceof MaskedCredential ? credential : new MaskedCredential(credential);
}

class MaskedCredential implements S3Credential {
  readonly #secretAccessKey: string;
  readonly #sessionToken: string | undefined;
  readonly accessKeyId: string;
  readonly expiration?: Date;

  constructor({ accessKeyId, secretAccessKey, sessionToken, expiration }: S3Credential) {
    this.accessKeyId = accessKeyId;
    this.#secretAccessKey = secretAccessKey;
    this.#sessionToken = sessionToken || undefined;
    if (expiration !== undefined) this.expiration = expiration;
  }

  get secretAccessKey(): string {
    return this.#secretAccessKey;
  }

  get sessionToken(): string | undefined {
    return this.#sessionToken;
  }

  toJSON(): Record<string, unknown> {
    const shown: Record<string, unknown> = { accessKeyId: this.accessKeyId, secretAccessKey: "***" };
    if (this.#sessionToken !== undefined) shown.sessionToken = "***";
    if (this.expiration !== undefined) shown.expiration = this.expiration;
    return shown;
  }

  toString(): string {
    return `S3Credential(${this.accessKeyId})`;
  }

  [Symbol.for("Deno.customInspect")](inspect: (value: unknown) => string): string {
    return `S3Credential ${inspect(this.toJSON())}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](
    _depth: number,
    _options: unknown,
    inspect: (value: unknown) => string,
  ): string {
    return `S3Credential ${inspect(this.toJSON())}`;
  }
}
