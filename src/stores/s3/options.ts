/** Options of {@linkcode S3Store}: object_store's keys in camelCase, and ours. */
import type { ConnectionOptions } from "../common/connection.ts";
import type { ChecksumAlgorithm } from "./checksum/algorithm.ts";
import type { S3Credential } from "./credential.ts";
import type { S3CredentialProvider } from "./credentials/provider.ts";
import type { S3CopyIfNotExists, S3Provider } from "./endpoint/provider.ts";

/** Server-side encryption: with S3's keys, KMS keys (once or twice), or the customer's own key. */
export type S3Encryption = "AES256" | "aws:kms" | "aws:kms:dsse" | "sse-c";

/** Options of {@linkcode S3Store}. */
export interface S3StoreOptions extends ConnectionOptions, S3CredentialOptions {
  /** Name of the bucket, or ARN of an access point. */
  readonly bucket: string;
  /**
   * Region. Default: the provider's, else `us-east-1`. Where the service says that the bucket is elsewhere, the store
   * moves there.
   */
  readonly region?: string;
  /** Region to use where `region` is not given. */
  readonly defaultRegion?: string;
  /** Base URL of the service, for all but AWS. With `virtualHostedStyleRequest` it holds the bucket already. */
  readonly endpoint?: string;
  /** As `endpoint`, and before it: AWS's variable for S3 alone. */
  readonly endpointUrlS3?: string;
  /**
   * What the service can do: a name from the table (`aws`, `r2`, `minio`, …) or a row made with `defineProvider`.
   * Default: by the endpoint's host.
   */
  readonly provider?: string | S3Provider;
  /**
   * Bucket in the host name (`true`) or the path (`false`). Default: on AWS in the host unless it holds dots; elsewhere
   * as the provider has it, mostly in the path.
   */
  readonly virtualHostedStyleRequest?: boolean;
  /** Use session credentials of S3 Express One Zone. Default: by the bucket's name, `…--<zone>--x-s3`. */
  readonly s3Express?: boolean;
  /** Transfer acceleration. */
  readonly accelerate?: boolean;
  /** Dual-stack endpoints: IPv6 and IPv4. */
  readonly dualStack?: boolean;
  /** FIPS 140 endpoints. */
  readonly fips?: boolean;
  /** Sign no payloads. Default: on under TLS where a checksum is sent, which is signed and says as much. */
  readonly unsignedPayload?: boolean;
  /** Checksum sent with what is written; `none` sends none, payloads are then signed. Default: the provider's. */
  readonly checksumAlgorithm?: ChecksumAlgorithm | "none";
  /** Ask for checksums with whole objects that are read, and check them. Default: where the provider has them. */
  readonly verifyChecksums?: boolean;
  /** How copies in create mode are made. Default: the provider's. */
  readonly copyIfNotExists?: S3CopyIfNotExists;
  /**
   * Conditional writes: `etag` takes them for granted, `probe` finds out before the first, `disabled` refuses. Default:
   * the provider's.
   */
  readonly conditionalPut?: "etag" | "probe" | "disabled";
  /** Send no tags. */
  readonly disableTagging?: boolean;
  /** Delete one by one, 20 at once. */
  readonly disableBulkDelete?: boolean;
  /** The requester pays. */
  readonly requestPayer?: boolean;
  /** Encryption of what is written. */
  readonly serverSideEncryption?: S3Encryption;
  /** Key of `aws:kms` and `aws:kms:dsse`. */
  readonly sseKmsKeyId?: string;
  /** Encryption context of KMS: base64 of a JSON object. */
  readonly sseKmsEncryptionContext?: string;
  /** Use a bucket key with KMS. */
  readonly sseBucketKeyEnabled?: boolean;
  /** Key of `sse-c`: base64 of 32 bytes. Needs TLS, and is needed to read. */
  readonly sseCustomerKeyBase64?: string;
  /** Storage class of what is written without one of its own. */
  readonly storageClass?: string;
  /** Objects larger than this are copied in parts, at once. Default and maximum 5 GiB, which one request can copy. */
  readonly copyThreshold?: number;
  /** Size of a part of such copies. Default 256 MiB; grows so that 10,000 parts suffice. */
  readonly copyPartSize?: number;
  /**
   * Payloads larger than this are put in parts. Default and maximum 5 GiB for those in memory; streams: 16 MiB, as they
   * are held in memory so that they can be sent again. Where it is larger, streams of known length (a `Blob`, or with
   * `size`) up to it are sent as they are read, once, if the service takes payloads in signed chunks.
   */
  readonly putThreshold?: number;
}

/** Where credentials come from. */
export interface S3CredentialOptions {
  /** Credentials, a function that fetches them (kept until they expire), or a provider. */
  readonly credentials?: S3Credential | S3CredentialProvider | (() => Promise<S3Credential>);
  /** Id of the key that requests are signed with. */
  readonly accessKeyId?: string;
  /** The secret that belongs to it. */
  readonly secretAccessKey?: string;
  /** Session token, where the keys are temporary. */
  readonly sessionToken?: string;
  /** Send unsigned requests: public buckets. */
  readonly skipSignature?: boolean;
  /** Base URL of the security token service. */
  readonly endpointUrlSts?: string;
  /** Profile of the shared configuration files. */
  readonly profile?: string;
  /** Ask version 1 of the instance metadata service where version 2 is refused. */
  readonly imdsv1Fallback?: boolean;
  /** Base URL of the instance metadata service. */
  readonly metadataEndpoint?: string;
  /** Path of the task role on the ECS agent. */
  readonly containerCredentialsRelativeUri?: string;
  /** URL of credentials in a container (EKS Pod Identity, Greengrass). */
  readonly containerCredentialsFullUri?: string;
  /** File of the token that is sent to it. */
  readonly containerAuthorizationTokenFile?: string;
  /** File of an OIDC token, for `roleArn`. */
  readonly webIdentityTokenFile?: string;
  /** Role to assume. */
  readonly roleArn?: string;
  /** Name of the session in which it is assumed. */
  readonly roleSessionName?: string;
}
