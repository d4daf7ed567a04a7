/** Forms by which a browser uploads a file without credentials. */
import type { Path } from "../../store/path.ts";
import { serviceDate } from "./authorize.ts";
import type { S3Client } from "./client.ts";
import { credentialFor, type PostCondition, signPostPolicy } from "./presign.ts";

export { presignObjects } from "./presign.ts";

/** What a form may do. */
export interface PostPolicyRequest {
  /** Life in seconds, 1 to 604,800. */
  readonly expiresIn: number;
  /** Let the file keep its own name, below the key. */
  readonly keepFileName?: boolean;
  /** What else must hold of the form's fields. */
  readonly conditions?: readonly PostCondition[];
  /** Ends the wait for credentials. */
  readonly signal?: AbortSignal;
}

/** A form: post `multipart/form-data` with these fields in order, then the file as `file`. */
export interface PostPolicy {
  /** Where to post. */
  readonly url: string;
  /** Fields, in order, before the file. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** Signs a form for one key. */
export async function postPolicy(
  client: S3Client,
  path: Path,
  request: PostPolicyRequest,
): Promise<PostPolicy> {
  const credential = await credentialFor(client, `sign a form for "${path}"`, request.signal);
  const { endpoint } = client;
  const fields = signPostPolicy({
    credential,
    date: serviceDate(client.state),
    expiresIn: request.expiresIn,
    bucket: client.options.bucket,
    key: request.keepFileName ? `${path}${path === "" ? "" : "/"}\${filename}` : path,
    conditions: request.conditions,
    region: endpoint.region,
    service: endpoint.service,
  });
  return { url: endpoint.pathStyle ? endpoint.url : `${endpoint.url}/`, fields };
}
