/**
 * Objects in Amazon S3 and the services that speak its protocol.
 *
 * @example A URL that lets someone else read an object for an hour
 * ```ts
 * import assert from "node:assert/strict";
 * import { S3Store } from "@storeport/storeport/s3";
 *
 * const store = new S3Store({
 *   bucket: "reports",
 *   region: "eu-central-1",
 *   accessKeyId: "AKIAIOSFODNN7EXAMPLE",
 *   secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
 * });
 * const url = await store.signedUrl("GET", "2026/summary.csv", 3600);
 * assert.ok(new URL(url).searchParams.get("X-Amz-Expires") === "3600");
 * ```
 *
 * @module
 */
export { S3Store } from "./store.ts";
export { S3_CONFIG, S3_PREFIXES, s3StoreFromConfig, type S3TextOptions } from "./config.ts";
export { s3StoreFromEnv } from "./environment.ts";
export {
  assumeRoleCredentials,
  type AssumeRoleOptions,
  containerCredentials,
  defaultCredentials,
  environmentCredentials,
  instanceMetadataCredentials,
  profileCredentials,
  webIdentityCredentials,
} from "./credentials/mod.ts";
export type {
  ContainerOptions,
  DefaultCredentialsOptions,
  InstanceMetadataOptions,
  ProfileOptions,
  ProviderOptions,
  RoleOptions,
  WebIdentityOptions,
} from "./credentials/options.ts";
export type { Environment } from "./credentials/host.ts";
export { type BucketRegionOptions, resolveBucketRegion } from "./endpoint/region.ts";
export type { S3CredentialOptions, S3Encryption, S3StoreOptions } from "./options.ts";
export type { S3Credential } from "./credential.ts";
export {
  anonymousCredentials,
  type S3CredentialProvider,
  staticCredentials,
} from "./credentials/provider.ts";
export { cachedCredentials, type CachedCredentialsOptions } from "./credentials/cached.ts";
export { providerNames } from "./endpoint/find_provider.ts";
export { defineProvider, type S3CopyIfNotExists, type S3Provider } from "./endpoint/provider.ts";
export type { ChecksumAlgorithm } from "./checksum/algorithm.ts";
export type { ListedPart, ResumedUpload } from "./multipart/multipart.ts";
export type { PendingUpload, PendingUploadOptions } from "./multipart/stale_uploads.ts";
export type { ObjectVersion } from "./listing/versions.ts";
export type { TagOptions } from "./tagging.ts";
export type { PostPolicy, PostPolicyRequest } from "./signing/post_policy.ts";
export type { PostCondition } from "./signing/presign.ts";
export type { ConfigContext, ConfigField, ConfigParser, ConfigSchema } from "../common/config.ts";
export type { ConnectionOptions } from "../common/connection.ts";
