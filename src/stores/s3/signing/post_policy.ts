/** Forms by which a browser uploads a file without credentials. */
import { InvalidPathError } from "../../../store/error.ts";
import type { Path } from "../../../store/path.ts";
import { serviceDate } from "./authorize.ts";
import type { S3Client } from "../client.ts";
import { stateOf, STORE } from "../core.ts";
import { credentialFor, type PostCondition, signPostPolicy } from "./presign.ts";

export { presignObjects } from "./presign.ts";

/** What an upload form may do. */
export interface PostPolicyRequest {
  /** Life in seconds, 1 to 604,800. */
  readonly expiresIn: number;
  /** Let the file keep its own name, below the key. */
  readonly keepFileName?: boolean;
  /** Further conditions on the form's fields. */
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

/** What S3 puts the file's own name in place of, wherever it stands in a key. */
const FILE_NAME = "${filename}";

/**
 * Signs a form for one key, or for those below it.
 *
 * @throws {InvalidPathError} for a key that S3 would take for a pattern: a form for `${filename}` would be good for any
 * key.
 */
export async function postPolicy(
  client: S3Client,
  path: Path,
  request: PostPolicyRequest,
): Promise<PostPolicy> {
  if (path.includes(FILE_NAME)) {
    throw new InvalidPathError(
      `Cannot sign a form for "${path}": the service puts the name of the file in place of "${FILE_NAME}"; use "keepFileName"`,
      { store: STORE, path },
    );
  }
  const credential = await credentialFor(client, `sign a form for "${path}"`, request.signal);
  const state = stateOf(client);
  const { endpoint } = state;
  const fields = signPostPolicy({
    credential,
    date: serviceDate(state),
    expiresIn: request.expiresIn,
    bucket: client.options.bucket,
    key: request.keepFileName ? `${path}/${FILE_NAME}` : path,
    conditions: request.conditions,
    region: endpoint.region,
    service: endpoint.service,
  });
  return { url: endpoint.pathStyle ? endpoint.url : `${endpoint.url}/`, fields };
}
