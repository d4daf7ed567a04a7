/** S3 credentials: what they are. */

/** Keys that requests are signed with. */
export interface S3Credential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Session token of temporary credentials. */
  readonly sessionToken?: string;
  /** When they end; never where absent. */
  readonly expiration?: Date;
}
