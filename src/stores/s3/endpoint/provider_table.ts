/**
 * The services known, one row each: add a row to add a service. A row says only where it differs from a service nobody
 * knows (`GENERIC`): no checksums, `content-md5` on bulk deletions, conditional puts found out by a probe, copies in
 * create mode and conditions at completion refused. What is not certain stays so: a service that ignores a condition
 * overwrites.
 *
 * Sources: the services' own compatibility pages; for `minio`, `versitygw` and `moto` this project's tests,
 * which run the whole suite against the real thing.
 */
import type { S3Provider } from "./provider.ts";

/** A row of the table. */
export type ProviderRow = { readonly name: string } & Partial<S3Provider>;

/** All of S3, as AWS has it. Conditional copies answer 501 in places, and are then made with an upload. */
const AWS = {
  region: "us-east-1",
  addressing: "virtual",
  checksum: "crc64nvme",
  checksumMode: true,
  payloadChunks: "trailer",
  deleteIntegrity: "sha256",
  create: true,
  update: true,
  complete: "all",
  conditionalDelete: true,
  copyIfNotExists: "if-none-match",
} as const satisfies Partial<S3Provider>;

/** Every row; the first whose host matches is taken. */
export const PROVIDERS: readonly ProviderRow[] = [
  // Directory buckets (S3 Express One Zone): chosen by the bucket's name, before the row of AWS.
  {
    ...AWS,
    name: "aws-express",
    startAfter: false,
    ordered: false,
    tagging: false,
    copyIfNotExists: "multipart",
  },
  { ...AWS, name: "aws", hosts: [/(?:^|\.)amazonaws\.(?:com|com\.cn|eu)$/] },
  // 501 for headers it does not know, checksums among them until 2025, and for payloads in chunks. All parts but the
  // last equal.
  {
    name: "r2",
    hosts: [/\.r2\.cloudflarestorage\.com$/],
    region: "auto",
    equalParts: true,
    create: true,
    update: true,
    copyIfNotExists: "header:cf-copy-destination-if-none-match:*",
    tagging: false,
  },
  // Without an endpoint of its own; its console's default bucket API is on port 9000.
  {
    name: "minio",
    rawKeys: false,
    checksum: "crc64nvme",
    checksumMode: true,
    payloadChunks: "trailer",
    create: true,
    update: true,
    complete: "all",
    copyIfNotExists: "multipart",
  },
  { name: "rustfs", create: "probe", update: "probe" },
  // It takes payloads in chunks, but keeps their coding, aws-chunked, with the object.
  {
    name: "versitygw",
    rawKeys: false,
    conditionalDelete: true,
    checksum: "crc64nvme",
    checksumMode: true,
    deleteIntegrity: "both",
    create: true,
    update: true,
    complete: "all",
    copyIfNotExists: "multipart",
  },
  {
    name: "moto",
    payloadChunks: "trailer",
    conditionalDelete: true,
    create: true,
    update: true,
    complete: "create",
    copyIfNotExists: "multipart",
  },
  {
    name: "localstack",
    hosts: [/(?:^|\.)localhost\.localstack\.cloud$/, /^localstack$/],
    checksum: "crc32c",
    create: true,
    update: true,
  },
  { name: "s3rver", create: false, update: false, partCopy: false },
  // Radosgw heeds conditions of a put; checksums only lately, and older ones (16 is what is tested) take wrong ones for
  // right. It takes signed chunks if the length of them all is declared, which not every platform's fetch can.
  { name: "ceph", create: true, update: true, bareIfMatch: true },
  // Any checksum header is refused; no tags, no conditions.
  {
    name: "backblaze",
    hosts: [/^(?:.+\.)?s3\.([a-z0-9-]+)\.backblazeb2\.com$/],
    region: "{1}",
    create: false,
    update: false,
    tagging: false,
  },
  {
    name: "wasabi",
    hosts: [/^(?:.+\.)?s3\.([a-z0-9-]+)\.wasabisys\.com$/, /^(?:.+\.)?s3\.wasabisys\.com$/],
    region: "{1}",
  },
  // The XML interface with HMAC keys. Conditions are generations, in headers that may not stand beside x-amz ones.
  {
    name: "gcs",
    hosts: [/(?:^|\.)storage\.googleapis\.com$/],
    region: "auto",
    partCopy: false,
    create: false,
    update: false,
    tagging: false,
    bulkDelete: false,
  },
  { name: "digitalocean", hosts: [/^(?:.+\.)?([a-z]{3}\d)\.digitaloceanspaces\.com$/], region: "{1}" },
  { name: "ovh", hosts: [/^(?:.+\.)?s3\.([a-z0-9-]+)\.(?:io|perf)\.cloud\.ovh\.(?:net|us)$/], region: "{1}" },
  // Documents If-None-Match and If-Match for puts.
  {
    name: "scaleway",
    hosts: [/^(?:.+\.)?s3\.([a-z0-9-]+)\.scw\.cloud$/],
    region: "{1}",
    create: true,
    update: true,
  },
  { name: "hetzner", hosts: [/^(?:.+\.)?([a-z0-9]+)\.your-objectstorage\.com$/], region: "{1}" },
  { name: "linode", hosts: [/^(?:.+\.)?([a-z0-9-]+)\.linodeobjects\.com$/], region: "{1}" },
  { name: "vultr", hosts: [/^(?:.+\.)?([a-z0-9]+)\.vultrobjects\.com$/], region: "{1}" },
  { name: "exoscale", hosts: [/^(?:.+\.)?sos-([a-z0-9-]+)\.exo\.io$/], region: "{1}" },
  { name: "contabo", hosts: [/^(?:.+\.)?([a-z0-9]+)\.contabostorage\.com$/], region: "{1}" },
  { name: "idrive", hosts: [/\.idrivee2(?:-\d+)?\.com$/] },
  { name: "mega", hosts: [/^(?:.+\.)?s3\.([a-z0-9-]+)\.s4\.mega\.io$/], region: "{1}" },
  {
    name: "tigris",
    hosts: [/(?:^|\.)storage\.tigris\.dev$/, /(?:^|\.)storage\.dev$/],
    region: "auto",
    create: true,
    update: true,
  },
  {
    name: "storj",
    hosts: [/(?:^|\.)gateway(?:\.[a-z0-9]+)?\.storjshare\.io$/],
    update: false,
    tagging: false,
  },
  { name: "supabase", hosts: [/\.supabase\.(?:co|com|in)$/], create: false, update: false, tagging: false },
  // Conditions are heeded by recent ones only.
  { name: "seaweedfs", payloadChunks: "signed" },
  // Objects have no tags; no lock makes a condition and its write one step.
  { name: "garage", region: "garage", create: false, update: false, tagging: false },
  {
    name: "ibm",
    hosts: [/^(?:.+\.)?s3\.(?:[a-z]+\.)?([a-z0-9-]+)\.cloud-object-storage\.appdomain\.cloud$/],
    region: "{1}",
  },
  {
    name: "oracle",
    hosts: [/\.compat\.objectstorage\.([a-z0-9-]+)\.(?:oraclecloud\.com|oci\.customer-oci\.com)$/],
    region: "{1}",
    tagging: false,
  },
  { name: "yandex", hosts: [/(?:^|\.)storage\.yandexcloud\.net$/], region: "ru-central1" },
  // Buckets only in the host name, and no condition that is S3's.
  {
    name: "alibaba",
    hosts: [/^(?:.+\.)?(?:s3\.)?oss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com$/],
    region: "{1}",
    addressing: "virtual",
    create: false,
    update: false,
    tagging: false,
  },
  {
    name: "tencent",
    hosts: [/^(?:.+\.)?cos\.([a-z0-9-]+)\.myqcloud\.com$/],
    region: "{1}",
    addressing: "virtual",
    create: false,
    update: false,
  },
  {
    name: "huawei",
    hosts: [/^(?:.+\.)?obs\.([a-z0-9-]+)\.myhuaweicloud\.com$/],
    region: "{1}",
    create: false,
    update: false,
  },
  { name: "netapp" },
  { name: "dell-ecs" },
  { name: "ozone", tagging: false },
];
