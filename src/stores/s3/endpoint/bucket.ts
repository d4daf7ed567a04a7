/** Names of buckets: which are valid, and what ARNs name. */
import { ConfigurationError, NotSupportedError } from "../../../store/error.ts";

/** An access point that an ARN names. */
export interface AccessPoint {
  readonly partition: string;
  /** `s3`, `s3-object-lambda` or `s3-outposts`. */
  readonly service: string;
  readonly region: string;
  readonly account: string;
  readonly name: string;
  /** Of Outposts. */
  readonly outpost?: string;
}

// AWS: 3 to 63 characters, lower-case letters, digits, dots and hyphens, beginning and ending with a letter or digit.
const AWS_NAME = /^(?=.{3,63}$)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])$/;
// Other services allow more, some with a tenant before a colon; what a URL would take apart is never one.
const ANY_NAME = /^(?:[A-Za-z0-9_.-]+:)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,253})$/;

/**
 * Checks the name of a bucket.
 *
 * @param aws Whether AWS's rules hold; others allow capitals, underscores and longer names.
 * @throws {ConfigurationError} for a name that cannot be one.
 */
export function checkBucketName(bucket: string, aws: boolean): void {
  const problem = nameProblem(bucket, aws);
  if (problem === undefined) return;
  throw new ConfigurationError(`Cannot use the bucket ${JSON.stringify(bucket)}: ${problem}`, {
    store: "S3",
    key: "bucket",
  });
}

function nameProblem(bucket: string, aws: boolean): string | undefined {
  if (typeof bucket !== "string" || bucket === "") return "a name is needed";
  if (/^s3a?:\/\/|\//.test(bucket)) return "it is a URL or a path; give the name alone, or use openStore";
  if (!(aws ? AWS_NAME : ANY_NAME).test(bucket)) {
    return aws
      ? "names have 3 to 63 lower-case letters, digits, dots and hyphens, with a letter or digit at either end"
      : "it holds characters that no bucket's name has";
  }
  if (bucket.includes("..") || bucket === "." || bucket === "..") return "two dots stand together";
  if (aws && /^\d+\.\d+\.\d+\.\d+$/.test(bucket)) return "it looks like an IP address";
  if (aws && /^(?:xn--|sthree-)/.test(bucket)) return "its beginning is reserved";
  return undefined;
}

/** Zone of a directory bucket's name, `…--<zone>--x-s3`, or of an access point to one; `undefined` for others. */
export function expressZone(bucket: string): string | undefined {
  return /--([a-z0-9]+-[a-z]+\d+)--(?:x-s3|xa-s3)$/.exec(bucket)?.[1];
}

/**
 * Reads the ARN of an access point; `undefined` for what is no ARN.
 *
 * @throws {ConfigurationError} for an ARN of something else.
 * @throws {NotSupportedError} for a multi-region access point, which needs another signature algorithm.
 */
export function parseAccessPointArn(bucket: string): AccessPoint | undefined {
  if (!bucket.startsWith("arn:")) return undefined;
  const [, partition = "", service = "", region = "", account = "", ...rest] = bucket.split(":");
  const [kind, ...names] = rest.join(":").split(/[:/]/);
  const fail = (why: string): never => {
    throw new ConfigurationError(`Cannot use the ARN ${JSON.stringify(bucket)}: ${why}`, {
      store: "S3",
      key: "bucket",
    });
  };
  if (!/^aws[a-z-]*$/.test(partition)) fail("its partition is not known");
  if (!/^\d{12}$/.test(account)) fail("it has no account of 12 digits");
  if (service === "s3" && kind === "accesspoint" && region === "") {
    throw new NotSupportedError(
      `Cannot use the ARN ${
        JSON.stringify(bucket)
      }: multi-region access points need SigV4a; use the access point or bucket of one region`,
      { store: "S3" },
    );
  }
  if (!/^[a-z]{2,}(?:-[a-z]+)+-\d+$/.test(region)) fail("it names no region");
  const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])$/;
  if (service === "s3-outposts") {
    const [outpost = "", word, name = ""] = names;
    if (
      kind !== "outpost" || word !== "accesspoint" || !label.test(name) || !/^op-[a-z0-9]+$/.test(outpost) ||
      names.length !== 3
    ) {
      fail("it is not that of an access point on an Outpost");
    }
    return { partition, service, region, account, name, outpost };
  }
  if (
    (service !== "s3" && service !== "s3-object-lambda") || kind !== "accesspoint" || names.length !== 1 ||
    !label.test(names[0]!)
  ) {
    fail("it is not that of an access point");
  }
  return { partition, service, region, account, name: names[0]! };
}
