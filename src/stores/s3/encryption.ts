/** Headers of server-side encryption. Source: AWS "Protecting data with server-side encryption". */
import type { HeaderEntry } from "../../http/headers.ts";
import { ConfigurationError } from "../../store/error.ts";
import type { S3StoreOptions } from "./options.ts";

/**
 * The headers of each kind of request; empty where nothing is configured. The digests of customers' keys are added by a
 * layer, `withKeyDigests`.
 */
export interface EncryptionHeaders {
  /** Of puts, copies and the start of uploads. */
  readonly write: readonly HeaderEntry[];
  /** Of parts, reads and heads, which name a customer's key and nothing else. */
  readonly key: readonly HeaderEntry[];
  /** Of copies, for their source. */
  readonly source: readonly HeaderEntry[];
}

const PREFIX = "x-amz-server-side-encryption";

/**
 * The encryption headers of a store.
 *
 * @param url The endpoint: a customer's key goes over TLS only.
 * @throws {ConfigurationError} for a key without its kind of encryption, a kind without its key, or a key that is none.
 */
export function encryptionHeaders(options: S3StoreOptions, url: string): EncryptionHeaders {
  const { serverSideEncryption: kind, sseKmsKeyId, sseBucketKeyEnabled, sseKmsEncryptionContext } = options;
  if (kind === "sse-c") return customerKey(options, url);
  const kms = kind === "aws:kms" || kind === "aws:kms:dsse";
  if (options.sseCustomerKeyBase64 !== undefined) {
    refuse(
      'Cannot use "sseCustomerKeyBase64" without "serverSideEncryption" of "sse-c"',
      "sseCustomerKeyBase64",
    );
  }
  for (const [key, value] of Object.entries({ sseKmsKeyId, sseBucketKeyEnabled, sseKmsEncryptionContext })) {
    if (value !== undefined && value !== false && !kms) {
      refuse(`Cannot use "${key}" without "serverSideEncryption" of "aws:kms" or "aws:kms:dsse"`, key);
    }
  }
  if (kind === undefined) return { write: [], key: [], source: [] };
  const write: HeaderEntry[] = [[PREFIX, kind]];
  if (sseKmsKeyId !== undefined) write.push([`${PREFIX}-aws-kms-key-id`, sseKmsKeyId]);
  if (sseBucketKeyEnabled !== undefined) {
    write.push([`${PREFIX}-bucket-key-enabled`, `${sseBucketKeyEnabled}`]);
  }
  if (sseKmsEncryptionContext !== undefined) write.push([`${PREFIX}-context`, sseKmsEncryptionContext]);
  return { write, key: [], source: [] };
}

function customerKey(options: S3StoreOptions, url: string): EncryptionHeaders {
  const text = options.sseCustomerKeyBase64 ??
    refuse('Cannot use "sse-c" without "sseCustomerKeyBase64"', "sseCustomerKeyBase64");
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) {
    refuse("Cannot use the customer's key: it must be base64 of 32 bytes", "sseCustomerKeyBase64");
  }
  if (!url.startsWith("https:") && !options.client?.allowHttp) {
    refuse("Cannot send the customer's key without TLS", "serverSideEncryption");
  }
  const lines = (prefix: string): HeaderEntry[] => [
    [`${prefix}-algorithm`, "AES256"],
    [`${prefix}-key`, text],
  ];
  const own = lines(`${PREFIX}-customer`);
  return { write: own, key: own, source: lines("x-amz-copy-source-server-side-encryption-customer") };
}

function refuse(message: string, key: string): never {
  throw new ConfigurationError(message, { store: "S3", key });
}
