/** What a service that speaks S3 can do. */
import type { ChecksumAlgorithm } from "../checksum/algorithm.ts";

/**
 * How a copy is kept from replacing its destination:
 *
 * - `if-none-match`: `If-None-Match: *` on CopyObject;
 * - `multipart`: an upload that copies the source in parts and is completed under `If-None-Match: *`;
 * - `header:<name>:<value>`: a header of the service's own, conflict told by status 412;
 *   `header-with-status:<name>:<value>:<status>` for another status;
 * - `disabled`: refused.
 */
export type S3CopyIfNotExists =
  | "if-none-match"
  | "multipart"
  | `header:${string}:${string}`
  | `header-with-status:${string}:${string}:${number}`
  | "disabled";

/** What a service can do. */
export interface S3Provider {
  /** Its name in options: lower case. */
  readonly name: string;
  /** Hosts of its endpoints. */
  readonly hosts?: readonly RegExp[];
  /** Region to sign for where none is given; `{n}` stands for a group of the host's pattern. */
  readonly region: string;
  /** Where the bucket goes if the endpoint does not contain it; most services take it in the path. */
  readonly addressing: "path" | "virtual";
  /** Checksum sent with what is written. `none`: payloads are signed with SHA-256, which every service checks. */
  readonly checksum: ChecksumAlgorithm | "none";
  /** Whether it returns checksums of objects that are read. */
  readonly checksumMode: boolean;
  /**
   * Whether a payload may come in chunks that are signed one by one (`aws-chunked`), and with its checksum after them
   * (`trailer`). Only so can a stream be put by one request without being held in memory.
   */
  readonly payloadChunks: "none" | "signed" | "trailer";
  /** Integrity header of a bulk deletion. */
  readonly deleteIntegrity: "md5" | "sha256" | "both";
  /** Whether all parts but the last must have one size. */
  readonly equalParts: boolean;
  /** Whether parts can be copied from objects. */
  readonly partCopy: boolean;
  /** Whether `If-None-Match: *` on a put is honoured; `probe`: determined before the first. */
  readonly create: boolean | "probe";
  /** Whether `If-Match` on a put is honoured. */
  readonly update: boolean | "probe";
  /** Whether `If-Match` on a put takes the ETag without its quotes, and never matches one with them. */
  readonly bareIfMatch: boolean;
  /** Conditions honoured when an upload is completed. */
  readonly complete: "none" | "create" | "all";
  /** Whether `If-Match` on a deletion is honoured. */
  readonly conditionalDelete: boolean;
  /** How a copy in create mode is kept from replacing an object. */
  readonly copyIfNotExists: S3CopyIfNotExists;
  /** Whether a listing can start after a key. */
  readonly startAfter: boolean;
  /** Whether keys in listings can be asked for percent-encoded, as all keys survive it. */
  readonly encodingType: boolean;
  /** Whether listings are in byte order. */
  readonly ordered: boolean;
  /** Whether objects have tags. */
  readonly tagging: boolean;
  /** Whether many objects can be deleted by one request. */
  readonly bulkDelete: boolean;
  /**
   * Whether keys are kept as they are (`a//b`, `a/`). Services that keep objects as files refuse some, or change them.
   */
  readonly rawKeys: boolean;
}

/**
 * A table row for your own service: what is left out is as for an unknown service, of which only the oldest parts
 * of S3 are taken for granted.
 */
export function defineProvider(row: { readonly name: string } & Partial<S3Provider>): S3Provider {
  return { ...GENERIC, ...row };
}

/** What is taken for granted of a service nobody knows. */
export const GENERIC: S3Provider = {
  name: "generic",
  region: "us-east-1",
  addressing: "path",
  checksum: "none",
  checksumMode: false,
  payloadChunks: "none",
  deleteIntegrity: "md5",
  equalParts: false,
  partCopy: true,
  create: "probe",
  update: "probe",
  bareIfMatch: false,
  complete: "none",
  conditionalDelete: false,
  copyIfNotExists: "disabled",
  startAfter: true,
  encodingType: true,
  ordered: true,
  tagging: true,
  bulkDelete: true,
  rawKeys: true,
};
