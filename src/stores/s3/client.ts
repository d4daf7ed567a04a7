/** The bucket of {@linkcode S3Store}, as far as its constructor makes it; `send.ts` sends to it. */
import { FetchConnector } from "../../http/fetch.ts";
import { PendingConnection } from "../common/connection.ts";
import type { SigningState } from "./signing/authorize.ts";
import type { ChecksumAlgorithm } from "./checksum/algorithm.ts";
import { checkCredentials } from "./credentials/check.ts";
import { type EncryptionHeaders, encryptionHeaders } from "./encryption.ts";
import { resolveEndpoint, type S3Endpoint } from "./endpoint/endpoint.ts";
import type { S3StoreOptions } from "./options.ts";
import type { S3Provider } from "./endpoint/provider.ts";

/** Short name of the store in errors. */
export const STORE = "S3";

/** One bucket: what its options come to, all of it checked. */
export class S3Client {
  readonly options: S3StoreOptions;
  /** Where the bucket is, as configured. */
  readonly configured: S3Endpoint;
  readonly provider: S3Provider;
  readonly connection: PendingConnection;
  readonly encryption: EncryptionHeaders;
  /** Checksum sent with what is written. */
  readonly checksum: ChecksumAlgorithm | undefined;
  /** Whether whole objects are read with their checksums. */
  readonly verify: boolean;
  /** Whether TLS is what protects payloads. */
  readonly unsigned: boolean;
  /** What is learnt of the service; `stateOf` makes it. */
  state: SigningState | undefined;

  /** Checks, and connects. */
  constructor(options: S3StoreOptions) {
    this.options = options;
    const endpoint = this.configured = resolveEndpoint(options);
    this.provider = endpoint.provider;
    const checksum = options.checksumAlgorithm ?? this.provider.checksum;
    this.checksum = checksum === "none" ? undefined : checksum;
    this.verify = options.verifyChecksums ?? this.provider.checksumMode;
    this.encryption = encryptionHeaders(options, endpoint.url);
    this.unsigned = options.unsignedPayload ??
      (endpoint.url.startsWith("https:") && this.checksum !== undefined);
    checkCredentials(options);
    this.connection = new PendingConnection(options.connector ?? new FetchConnector(), options.client);
  }
}
