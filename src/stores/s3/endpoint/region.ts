/** Finding out in which region a bucket is. */
import { FetchConnector } from "../../../http/fetch.ts";
import { getHeader } from "../../../http/headers.ts";
import { GenericError, NotFoundError } from "../../../store/error.ts";
import type { OperationOptions } from "../../../store/types.ts";
import type { ConnectionOptions } from "../../common/connection.ts";
import { responseError, transportError } from "../../common/error.ts";
import { openConnection } from "../../common/open_connection.ts";
import { parseBaseUrl } from "../../common/url.ts";
import { checkBucketName } from "./bucket.ts";
import { STORE } from "../client.ts";
import { domainOf } from "./endpoint.ts";
import { readS3Error } from "../errors/read_error.ts";

/** Options of {@linkcode resolveBucketRegion}. */
export interface BucketRegionOptions extends ConnectionOptions, OperationOptions {
  /** A region of the partition to ask in, such as `cn-north-1`. Default: the public one. */
  readonly region?: string;
  /** Base URL of a service other than AWS. */
  readonly endpoint?: string;
}

/**
 * The region of a bucket, found by a HEAD without credentials: S3 states it even when it refuses. Stores do
 * this themselves when the service redirects them, so a bucket can be opened without knowing its region.
 *
 * @throws {NotFoundError} where there is no such bucket.
 * @throws {GenericError} where the service does not say. In a browser it never does: the header is not shown to pages.
 *
 * @example
 * ```ts ignore
 * import { resolveBucketRegion } from "@storeport/storeport/s3";
 *
 * console.log(await resolveBucketRegion("my-bucket")); // "eu-central-1"
 * ```
 */
export async function resolveBucketRegion(
  bucket: string,
  options: BucketRegionOptions = {},
): Promise<string> {
  const { connector = new FetchConnector(), client, signal, extensions } = options;
  checkBucketName(bucket, options.endpoint === undefined);
  const failure = {
    store: STORE,
    action: `find the region of the bucket "${bucket}"`,
    readError: readS3Error,
  };
  const { service } = openConnection(connector, client);
  try {
    const response = await service.call({
      method: "HEAD",
      url: bucketUrl(bucket, options),
      headers: [],
      signal,
      extensions,
    });
    const region = getHeader(response.headers, "x-amz-bucket-region");
    const { status } = response;
    if (status === 404) {
      await response.cancel();
      throw new NotFoundError(`Cannot ${failure.action}: there is no such bucket`, { store: STORE, status });
    }
    if (region !== undefined && /^[a-z0-9-]{1,63}$/.test(region)) {
      await response.cancel();
      return region;
    }
    if (status >= 400) throw await responseError(response, failure);
    await response.cancel();
    throw new GenericError(`Cannot ${failure.action}: the service does not say`, { store: STORE, status });
  } catch (error) {
    throw transportError(error, failure, signal);
  } finally {
    service.close?.();
  }
}

function bucketUrl(bucket: string, { region, endpoint }: BucketRegionOptions): string {
  if (endpoint !== undefined) {
    const { origin, path } = parseBaseUrl(endpoint, STORE);
    return `${origin}${path}/${bucket}`;
  }
  const domain = domainOf(region ?? "us-east-1");
  const host = region === undefined ? `s3.${domain}` : `s3.${region}.${domain}`;
  // Certificates cover one label, so a name with dots goes into the path.
  return bucket.includes(".") ? `https://${host}/${bucket}` : `https://${bucket}.${host}/`;
}
