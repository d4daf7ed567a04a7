/** What a service that speaks S3 can do, and how the one behind an endpoint is told. */
import { ConfigurationError } from "../../../store/error.ts";
import type { ChecksumAlgorithm } from "../checksum/algorithm.ts";
import type { S3CopyIfNotExists } from "../options.ts";
import { PROVIDERS } from "./providers.ts";

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

/** A provider, and the region that its host names. */
export interface FoundProvider {
  readonly provider: S3Provider;
  /** Region to use where none is configured. */
  readonly region: string;
}

/**
 * The provider of a store: by name, by a row given, or by the endpoint's host; AWS where there is no endpoint.
 *
 * @throws {ConfigurationError} for a name that is not in the table.
 */
export function findProvider(
  provider: string | S3Provider | undefined,
  endpointHost: string | undefined,
): FoundProvider {
  if (typeof provider === "object") return found(provider, endpointHost);
  if (provider !== undefined) {
    const name = provider.trim().toLowerCase();
    const row = rows().find((row) => row.name === name);
    if (row !== undefined) return found(row, endpointHost);
    throw new ConfigurationError(
      `Unknown S3 provider "${provider}": known ones are ${rows().map((row) => row.name).join(", ")}`,
      { store: "S3", key: "provider" },
    );
  }
  if (endpointHost === undefined) return found(rows().find((row) => row.name === "aws")!, undefined);
  const row = rows().find((row) => row.hosts?.some((host) => host.test(endpointHost)));
  return found(row ?? GENERIC, endpointHost);
}

function found(provider: S3Provider, host: string | undefined): FoundProvider {
  if (!provider.region.includes("{")) return { provider, region: provider.region };
  for (const pattern of provider.hosts ?? []) {
    const match = host === undefined ? null : pattern.exec(host);
    const region = match && provider.region.replace(/\{(\d)\}/, (_, group) => match[Number(group)] ?? "");
    if (region) return { provider, region };
  }
  return { provider, region: GENERIC.region };
}

let all: readonly S3Provider[] | undefined;

function rows(): readonly S3Provider[] {
  return all ??= [...PROVIDERS.map(defineProvider), GENERIC];
}

/** The names that the `provider` option takes. */
export function providerNames(): string[] {
  return rows().map((row) => row.name);
}
