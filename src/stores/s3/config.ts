/** {@linkcode S3Store} from configuration as text. */
import type { HttpConnector } from "../../http/connector.ts";
import { ConfigurationError } from "../../store/error.ts";
import {
  type ConfigParser,
  type ConfigSchema,
  configValue,
  parseBoolean,
  parseChoice,
  parseInteger,
  parseText,
  readConfig,
} from "../common/config.ts";
import { STORE } from "./client.ts";
import type { S3CopyIfNotExists } from "./endpoint/provider.ts";
import type { S3StoreOptions } from "./options.ts";
import { S3Store } from "./store.ts";

/** Options that are text, or can be read from it. */
export type S3TextOptions = Omit<S3StoreOptions, "connector" | "client" | "credentials" | "provider"> & {
  readonly provider?: string;
};

/** Configuration keys: those of object_store in all their spellings, and our own. */
export const S3_CONFIG: ConfigSchema<S3TextOptions> = /* @__PURE__ */ (() => ({
  bucket: configValue(parseText, "bucket_name"),
  region: configValue(parseText),
  defaultRegion: configValue(parseText),
  endpoint: configValue(parseText, "endpoint_url"),
  endpointUrlS3: configValue(parseText),
  endpointUrlSts: configValue(parseText),
  provider: configValue(parseText),
  virtualHostedStyleRequest: configValue(parseBoolean),
  s3Express: configValue(parseBoolean),
  accelerate: configValue(parseBoolean, "s3_use_accelerate_endpoint", "use_accelerate_endpoint"),
  dualStack: configValue(parseBoolean, "use_dualstack_endpoint"),
  fips: configValue(parseBoolean, "use_fips_endpoint"),
  accessKeyId: configValue(parseText),
  secretAccessKey: configValue(parseText),
  sessionToken: configValue(parseText, "token"),
  skipSignature: configValue(parseBoolean),
  profile: configValue(parseText),
  imdsv1Fallback: configValue(parseBoolean),
  metadataEndpoint: configValue(parseText),
  containerCredentialsRelativeUri: configValue(parseText),
  containerCredentialsFullUri: configValue(parseText),
  containerAuthorizationTokenFile: configValue(parseText),
  webIdentityTokenFile: configValue(parseText),
  roleArn: configValue(parseText),
  roleSessionName: configValue(parseText),
  unsignedPayload: configValue(parseBoolean),
  checksumAlgorithm: configValue(parseChoice("crc64nvme", "crc32c", "sha256", "none")),
  verifyChecksums: configValue(parseBoolean),
  copyIfNotExists: configValue(parseCopy as ConfigParser<S3CopyIfNotExists>),
  conditionalPut: configValue(parseChoice("etag", "probe", "disabled")),
  disableTagging: configValue(parseBoolean),
  disableBulkDelete: configValue(parseBoolean),
  requestPayer: configValue(parsePayer),
  serverSideEncryption: configValue(parseChoice("AES256", "aws:kms", "aws:kms:dsse", "sse-c")),
  sseKmsKeyId: configValue(parseText),
  sseKmsEncryptionContext: configValue(parseText),
  sseBucketKeyEnabled: configValue(parseBoolean),
  sseCustomerKeyBase64: configValue(parseText),
  storageClass: configValue(parseText),
  copyThreshold: configValue(parseInteger),
  copyPartSize: configValue(parseInteger),
  putThreshold: configValue(parseInteger),
}))();

function parseCopy(value: string, context: { readonly key: string }): string {
  const parts = value.split(":").map((part) => part.trim());
  const [way = "", name = "", header = "", status = ""] = parts;
  const word = way.toLowerCase();
  if (parts.length === 1 && ["if-none-match", "multipart", "disabled"].includes(word)) return word;
  const token = /^[A-Za-z0-9-]+$/.test(name) && header !== "";
  if (word === "header" && parts.length === 3 && token) return `header:${name}:${header}`;
  if (word === "header-with-status" && parts.length === 4 && token && /^[45]\d\d$/.test(status)) {
    return `header-with-status:${name}:${header}:${status}`;
  }
  throw new ConfigurationError(
    `Cannot parse the value of "${context.key}": it must be "multipart", "if-none-match", "disabled", "header:<name>:<value>" or "header-with-status:<name>:<value>:<status>"`,
    { store: STORE, key: context.key },
  );
}

/** `requester` in any case, or a boolean. */
function parsePayer(value: string, context: { readonly store: string; readonly key: string }): boolean {
  return value.trim().toLowerCase() === "requester" || parseBoolean(value, context);
}

/** Prefixes that keys may carry. */
export const S3_PREFIXES: readonly string[] = ["aws_"];

/**
 * Makes a store from options as text or values: the keys of {@linkcode S3StoreOptions} in camelCase or snake_case, with
 * or without `aws_` before them, and those of the HTTP client such as `timeout`.
 *
 * @throws {ConfigurationError} for an unknown key, a value that does not parse, or no bucket.
 */
export function s3StoreFromConfig(
  config: Readonly<Record<string, unknown>>,
  connector?: HttpConnector,
): S3Store {
  const { credentials, provider, ...rest } = config;
  const given = typeof provider === "object" ? { ...rest } : { ...rest, provider };
  const { store, client } = readConfig(given, S3_CONFIG, { store: STORE, prefixes: S3_PREFIXES });
  const { bucket } = store;
  if (bucket === undefined || bucket === "") {
    throw new ConfigurationError('Cannot open an S3 store: "bucket" is missing', {
      store: STORE,
      key: "bucket",
    });
  }
  const options = { ...store, bucket, connector, client } as S3StoreOptions;
  return new S3Store({
    ...options,
    ...(typeof provider === "object" ? { provider: provider as S3StoreOptions["provider"] } : {}),
    ...(credentials === undefined ? {} : { credentials: credentials as S3StoreOptions["credentials"] }),
  });
}
