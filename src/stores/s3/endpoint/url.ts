/** Telling S3 from URLs: which service, bucket and key they name. */
import { ConfigurationError, NotSupportedError } from "../../../store/error.ts";
import { type Path, pathFromUrl } from "../../../store/path.ts";
import { parseAccessPointArn } from "./bucket.ts";
import { domainOf, PARTITION_DOMAINS } from "./endpoint.ts";
import type { S3StoreOptions } from "../options.ts";
import { findProvider } from "./find_provider.ts";

/** What a URL says of a store, and the key in it. */
export interface S3Location {
  /** Win over what the caller configured. An empty endpoint is AWS's own. */
  readonly options: Partial<S3StoreOptions>;
  readonly path: Path;
}

/** What a host name says. */
interface Host {
  readonly options: Partial<S3StoreOptions>;
  /** Path of the service's base URL, for those that are not at the root. */
  readonly base?: string;
}

/** Whether an `https:` URL is one of S3, or of a service of the provider table. */
export function isS3Url(url: URL): boolean {
  return url.protocol === "https:" && hostOf(url) !== undefined;
}

/**
 * Takes the URL of an S3 object or prefix apart:
 *
 * - `s3://bucket/key`, `s3a://bucket/key`; the bucket may be the ARN of an access point, percent-encoded;
 * - AWS's own in the host's and the path's style, with regions, dual-stack, FIPS, acceleration, access points,
 *   directory buckets, of all partitions;
 * - those of the services in the provider table, by their hosts;
 * - with `custom`, `http:` and `https:` URLs of any other host, bucket first in the path.
 *
 * @throws {ConfigurationError} for a URL that names a bucket wrongly, or holds user information.
 * @throws {NotSupportedError} for a multi-region access point.
 * @throws {InvalidPathError} for a key that is not a valid path.
 */
export function parseS3Url(url: URL, custom: boolean): S3Location {
  if (url.username !== "" || url.password !== "") {
    throw refuse(url, 'it holds user information; give "accessKeyId" and "secretAccessKey" as options');
  }
  if (!/^https?:$/.test(url.protocol)) return parseS3Scheme(url);
  const host = url.protocol === "https:" ? hostOf(url) : undefined;
  if (host === undefined && !custom) throw refuse(url, "its host is none of S3");
  const { options, base = "" } = host ?? { options: { endpoint: url.origin, endpointUrlS3: url.origin } };
  const rest = url.pathname.slice(base.length);
  if (options.bucket !== undefined) return { options, path: pathFromUrl(rest, "S3") };
  const [, bucket = "", key = ""] = /^\/?([^/]*)(.*)$/s.exec(rest) ?? [];
  // Without a bucket the caller's options must name it.
  if (bucket === "") return { options, path: pathFromUrl(key, "S3") };
  return { options: { ...options, bucket: decoded(url, bucket) }, path: pathFromUrl(key, "S3") };
}

function parseS3Scheme(url: URL): S3Location {
  if (url.port !== "") throw refuse(url, 'a bucket has no port; give the "endpoint" as an option');
  if (url.hostname === "") throw refuse(url, "it names no bucket");
  const bucket = decoded(url, url.hostname);
  // As in the host of an https: URL, the region that is named wins.
  const region = parseAccessPointArn(bucket)?.region;
  return {
    options: { bucket, ...(region === undefined ? {} : { region }) },
    path: pathFromUrl(url.pathname, "S3"),
  };
}

function decoded(url: URL, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refuse(url, "the bucket is not UTF-8");
  }
}

function refuse(url: URL, why: string): ConfigurationError {
  return new ConfigurationError(`Cannot open "${url.protocol}//${url.host}${url.pathname}": ${why}`, {
    store: "S3",
    key: "url",
  });
}

function hostOf(url: URL): Host | undefined {
  const domain = PARTITION_DOMAINS.find((domain) => url.hostname.endsWith(`.${domain}`));
  if (domain === undefined) return serviceHost(url);
  if (url.port !== "") return undefined;
  const found = awsHost(url, url.hostname.slice(0, -domain.length - 1));
  const region = found?.region;
  if (region !== undefined && domainOf(region) !== domain) {
    throw refuse(url, `the region "${region}" is not below "${domain}"`);
  }
  return found;
}

// The service's labels stand last, so a bucket named "s3" or "s3-data" is never taken for them.
const REGION = "[a-z]{2,}(?:-[a-z]+)+-\\d+";
const ENDPOINT = new RegExp(
  `^(?:(?<bucket>.+)\\.)?(?:` +
    `s3(?<fips>-fips)?(?<dual>\\.dualstack)?\\.(?<region>${REGION})` +
    `|s3-(?<old>[a-z]{2}(?:-[a-z]+)+-\\d+|external-1)` +
    `|s3-accelerate(?<fastDual>\\.dualstack)?` +
    `|s3)$`,
);
const EXPRESS = new RegExp(
  `^(?<bucket>[^.]+)\\.s3express(?<fips>-fips)?-[a-z0-9]+-[a-z]+\\d+(?<dual>\\.dualstack)?\\.(?<region>${REGION})$`,
);
const ACCESS_POINT = new RegExp(
  `^(?<name>[^.]+)-(?<account>\\d{12})\\.` +
    `(?:(?<outpost>op-[^.]+)\\.)?(?<service>s3-accesspoint|s3-object-lambda|s3-outposts)` +
    `(?<fips>-fips)?(?<dual>\\.dualstack)?\\.(?<region>${REGION})$`,
);

function awsHost(url: URL, labels: string): Host & { readonly region?: string } | undefined {
  if (/\.accesspoint\.s3-global$/.test(labels)) {
    throw new NotSupportedError(
      `Cannot open "${url.href}": multi-region access points need SigV4a; use the bucket or access point of one region`,
      { store: "S3" },
    );
  }
  const own = { endpoint: "", endpointUrlS3: "" };
  const express = EXPRESS.exec(labels)?.groups;
  if (express !== undefined) {
    const { bucket, region, fips, dual } = express;
    return { region, options: { ...own, bucket, region, ...flags(fips, dual) } };
  }
  const point = ACCESS_POINT.exec(labels)?.groups;
  if (point !== undefined) {
    const { region, fips, dual } = point;
    return { region, options: { ...own, bucket: accessPointArn(point), region, ...flags(fips, dual) } };
  }
  const match = ENDPOINT.exec(labels);
  if (match === null) return undefined;
  const { bucket, fips, dual, region, old, fastDual } = match.groups!;
  const known = region ?? (old === "external-1" ? "us-east-1" : old);
  const fast = labels.slice(bucket === undefined ? 0 : bucket.length + 1).startsWith("s3-accelerate");
  return {
    region: known,
    options: {
      ...own,
      ...(bucket === undefined ? {} : { bucket }),
      ...(known === undefined ? {} : { region: known }),
      ...(fast ? { accelerate: true } : {}),
      ...flags(fips, dual ?? fastDual),
    },
  };
}

function flags(fips: string | undefined, dual: string | undefined): Partial<S3StoreOptions> {
  return { ...(fips ? { fips: true } : {}), ...(dual ? { dualStack: true } : {}) };
}

function accessPointArn(parts: Readonly<Record<string, string | undefined>>): string {
  const { name, account, outpost, service, region = "" } = parts;
  const partition = region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
  const kind = service === "s3-accesspoint" ? "s3" : service;
  const resource = outpost === undefined ? `accesspoint/${name}` : `outpost/${outpost}/accesspoint/${name}`;
  return `arn:${partition}:${kind}:${region}:${account}:${resource}`;
}

/** How many labels of a host are a service's own, where the provider table alone does not tell. */
const SERVICE_LABELS: Readonly<Record<string, (hostname: string) => number | undefined>> = {
  // <account>.r2…, or <account>.<jurisdiction>.r2….
  r2: (hostname) => /\.(?:eu|fedramp)\.r2\.cloudflarestorage\.com$/.test(hostname) ? 5 : 4,
  // <id>.<place>.idrivee2-<n>.com
  idrive: () => 4,
  // fly.storage.tigris.dev, t3.storage.dev
  tigris: (hostname) => hostname.endsWith(".storage.tigris.dev") ? 4 : 3,
};

function serviceHost(url: URL): Host | undefined {
  const { hostname } = url;
  const { provider, region } = findProvider(undefined, hostname);
  // Google's own store speaks its own protocol; with `provider: "gcs"` this one takes it.
  if (["generic", "gcs", "aws"].includes(provider.name)) return undefined;
  const base = provider.name === "supabase" ? "/storage/v1/s3" : "";
  if (base !== "" && url.pathname !== base && !url.pathname.startsWith(`${base}/`)) return undefined;
  const service = base === "" ? serviceName(provider.name, hostname) : hostname;
  const bucket = hostname.slice(0, -service.length).replace(/\.$/, "");
  const port = url.port === "" ? "" : `:${url.port}`;
  const endpoint = `https://${service}${port}${base}`;
  return {
    base,
    options: { endpoint, endpointUrlS3: endpoint, region, ...(bucket === "" ? {} : { bucket }) },
  };
}

/** The part of a host that is the service: the shortest that the provider is still told by. */
function serviceName(provider: string, hostname: string): string {
  const labels = hostname.split(".");
  const count = SERVICE_LABELS[provider]?.(hostname);
  if (count !== undefined) return labels.slice(-count).join(".");
  let service = hostname;
  for (let i = 1; i < labels.length; i++) {
    const shorter = labels.slice(i).join(".");
    if (findProvider(undefined, shorter).provider.name === provider) service = shorter;
  }
  // What is left of a name such as s3.oss-cn-hangzhou…: no bucket has a name of two letters.
  const before = hostname.slice(0, -service.length);
  const own = /(?:^|\.)(s3\.(?:[a-z]+-[a-z]+-\d+\.)?)$/.exec(before)?.[1] ?? "";
  return own + service;
}
