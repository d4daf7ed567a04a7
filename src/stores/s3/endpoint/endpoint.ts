/**
 * Where a bucket is reached. Source: AWS "Amazon Simple Storage Service endpoints and quotas", and object_store's
 * rules.
 */
import { ConfigurationError } from "../../../store/error.ts";
import { encodeQuery, parseBaseUrl } from "../../common/url.ts";
import { type AccessPoint, checkBucketName, expressZone, parseAccessPointArn } from "./bucket.ts";
import type { S3StoreOptions } from "../options.ts";
import { findProvider } from "./find_provider.ts";
import type { S3Provider } from "./provider.ts";

/** A bucket's place. */
export interface S3Endpoint {
  /** URL of the bucket, without a slash at its end. */
  readonly url: string;
  /** Region that is signed for. */
  readonly region: string;
  /** Service that is signed for. */
  readonly service: string;
  /** The bucket as it stands in `x-amz-copy-source`, before the slash and the key. */
  readonly copySource: string;
  /** Whether the bucket is in the path: then requests to it alone end in no slash. */
  readonly pathStyle: boolean;
  readonly provider: S3Provider;
  /** Zone of a directory bucket that is reached with session credentials. */
  readonly zone?: string;
  /** The same bucket in another region. */
  inRegion(region: string): S3Endpoint;
}

/**
 * The endpoint that options name.
 *
 * @throws {ConfigurationError} for options that contradict each other or name nothing.
 */
export function resolveEndpoint(options: S3StoreOptions): S3Endpoint {
  const custom = options.endpointUrlS3 ?? options.endpoint;
  return custom === undefined || custom === ""
    ? awsEndpoint(options, options.region ?? options.defaultRegion)
    : customEndpoint(options, custom);
}

function refuse(message: string, key: string): never {
  throw new ConfigurationError(message, { store: "S3", key });
}

function checkRegion(region: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/.test(region)) return region;
  return refuse(
    `Cannot use the region ${JSON.stringify(region)}: it holds characters that no region's name has`,
    "region",
  );
}

function customEndpoint(options: S3StoreOptions, custom: string): S3Endpoint {
  const { bucket } = options;
  for (const key of ["accelerate", "dualStack", "fips"] as const) {
    if (options[key]) {
      refuse(`Cannot use "${key}" with an endpoint: give the URL of the endpoint that has it`, key);
    }
  }
  const base = parseBaseUrl(custom, "S3");
  if (base.credentials !== undefined) {
    refuse('Cannot take credentials from the endpoint: give "accessKeyId" and "secretAccessKey"', "endpoint");
  }
  const { hostname } = new URL(base.origin);
  const found = findProvider(options.provider, hostname);
  const arn = parseAccessPointArn(bucket);
  if (arn === undefined) checkBucketName(bucket, found.provider.name === "aws");
  const region = checkRegion(options.region ?? options.defaultRegion ?? arn?.region ?? found.region);
  const root = base.origin + base.path;
  let url: string;
  let pathStyle = false;
  // As object_store has it: the endpoint is then the bucket's own.
  if (options.virtualHostedStyleRequest) url = root;
  else if (options.virtualHostedStyleRequest === undefined && found.provider.addressing === "virtual") {
    url = hostname.startsWith(`${bucket}.`) ? root : root.replace("://", `://${hostLabel(bucket, root)}.`);
  } else {
    url = `${root}/${encodeQuery(bucket)}`;
    pathStyle = true;
  }
  const zone = options.s3Express ? requireZone(bucket) : undefined;
  const endpoint = {
    url,
    service: zone === undefined ? "s3" : "s3express",
    copySource: encodeQuery(bucket),
    pathStyle,
    provider: found.provider,
    zone,
  };
  // An endpoint that was given stays; only what is signed can change.
  const inRegion = (region: string): S3Endpoint => ({ ...endpoint, region, inRegion });
  return inRegion(region);
}

function requireZone(bucket: string): string {
  return expressZone(bucket) ??
    refuse(
      `Cannot use "s3Express" with the bucket "${bucket}": its name does not end in "--<zone>--x-s3"`,
      "s3Express",
    );
}

function hostLabel(bucket: string, url: string): string {
  if (!url.startsWith("https:") || !bucket.includes(".")) return bucket;
  return refuse(
    `Cannot put the bucket "${bucket}" in a host name: it holds dots, and certificates cover one label`,
    "virtualHostedStyleRequest",
  );
}

function awsEndpoint(options: S3StoreOptions, wanted: string | undefined): S3Endpoint {
  const arn = parseAccessPointArn(options.bucket);
  if (arn === undefined) checkBucketName(options.bucket, true);
  const zone = options.s3Express === true
    ? requireZone(options.bucket)
    : options.s3Express === undefined && arn === undefined
    ? expressZone(options.bucket)
    : undefined;
  const provider = findProvider(options.provider ?? (zone === undefined ? "aws" : "aws-express"), undefined);
  if (options.provider !== undefined && !provider.provider.name.startsWith("aws")) {
    refuse(`Cannot reach the provider "${provider.provider.name}": give its "endpoint"`, "endpoint");
  }
  const region = checkRegion(arn?.region ?? wanted ?? provider.region);
  if (arn !== undefined) return accessPoint(options, arn, provider.provider);
  const { host, pathStyle } = zone === undefined
    ? bucketHost(options, region)
    : expressHost(options, zone, region);
  const { bucket } = options;
  return {
    url: pathStyle ? `https://${host}/${bucket}` : `https://${host}`,
    region,
    service: zone === undefined ? "s3" : "s3express",
    copySource: bucket,
    pathStyle,
    provider: provider.provider,
    zone,
    inRegion: (region) => awsEndpoint(options, region),
  };
}

interface Host {
  readonly host: string;
  readonly pathStyle: boolean;
}

function bucketHost(options: S3StoreOptions, region: string): Host {
  const { bucket, accelerate, dualStack, fips, virtualHostedStyleRequest: virtual } = options;
  const suffix = domainOf(region);
  const stack = dualStack ? ".dualstack" : "";
  if (accelerate) {
    if (fips) refuse('Cannot use "accelerate" with "fips": there is no such endpoint', "accelerate");
    if (virtual === false || bucket.includes(".")) {
      refuse(
        `Cannot accelerate the bucket "${bucket}": it must stand in the host name, and hold no dots`,
        "accelerate",
      );
    }
    return { host: `${bucket}.s3-accelerate${stack}.${suffix}`, pathStyle: false };
  }
  const service = `s3${fips ? "-fips" : ""}${stack}.${region}.${suffix}`;
  if (virtual ?? !bucket.includes(".")) {
    return { host: `${hostLabel(bucket, "https:")}.${service}`, pathStyle: false };
  }
  return { host: service, pathStyle: true };
}

function expressHost(options: S3StoreOptions, zone: string, region: string): Host {
  const { bucket, accelerate, dualStack, fips, virtualHostedStyleRequest: virtual } = options;
  if (accelerate) refuse('Cannot use "accelerate" with a directory bucket', "accelerate");
  if (virtual === false) refuse("Cannot address a directory bucket in the path", "virtualHostedStyleRequest");
  const stack = dualStack ? ".dualstack" : "";
  return {
    host: `${bucket}.s3express${fips ? "-fips" : ""}-${zone}${stack}.${region}.${domainOf(region)}`,
    pathStyle: false,
  };
}

function accessPoint(options: S3StoreOptions, arn: AccessPoint, provider: S3Provider): S3Endpoint {
  const { accelerate, dualStack, fips, virtualHostedStyleRequest: virtual } = options;
  if (accelerate) refuse('Cannot use "accelerate" with an access point', "accelerate");
  if (virtual === false) refuse("Cannot address an access point in the path", "virtualHostedStyleRequest");
  const wanted = options.region;
  if (wanted !== undefined && wanted !== arn.region) {
    refuse(`Cannot use region "${wanted}" with an access point in "${arn.region}"`, "region");
  }
  const stack = dualStack ? ".dualstack" : "";
  const strict = fips ? "-fips" : "";
  const domain = domainOf(arn.region);
  const name = `${arn.name}-${arn.account}`;
  if (arn.service !== "s3" && dualStack) refuse(`Cannot use "dualStack" with ${arn.service}`, "dualStack");
  const host = arn.service === "s3-outposts"
    ? `${name}.${arn.outpost}.s3-outposts${strict}.${arn.region}.${domain}`
    : arn.service === "s3-object-lambda"
    ? `${name}.s3-object-lambda${strict}.${arn.region}.${domain}`
    : `${name}.s3-accesspoint${strict}${stack}.${arn.region}.${domain}`;
  const endpoint: S3Endpoint = {
    url: `https://${host}`,
    region: arn.region,
    service: arn.service,
    copySource: `${options.bucket}/object`,
    pathStyle: false,
    provider,
    // An access point does not move.
    inRegion: () => endpoint,
  };
  return endpoint;
}

const DOMAINS: readonly (readonly [prefix: string, domain: string])[] = [
  ["cn-", "amazonaws.com.cn"],
  ["us-isob-", "sc2s.sgov.gov"],
  ["us-isof-", "csp.hci.ic.gov"],
  ["us-iso-", "c2s.ic.gov"],
  ["eu-isoe-", "cloud.adc-e.uk"],
  ["eusc-", "amazonaws.eu"],
];

/** DNS suffixes of all partitions. */
export const PARTITION_DOMAINS: readonly string[] = ["amazonaws.com", ...DOMAINS.map(([, domain]) => domain)];

/** DNS suffix of a region's partition. */
export function domainOf(region: string): string {
  return DOMAINS.find(([prefix]) => region.startsWith(prefix))?.[1] ?? "amazonaws.com";
}
