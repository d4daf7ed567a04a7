/** Reads of {@linkcode S3Store}. Loaded with the first. */
import type { HeaderList } from "../../http/headers.ts";
import { NotFoundError, toStoreError } from "../../store/error.ts";
import type { Path } from "../../store/parse_path.ts";
import type { Attributes, GetOptions, GetResult } from "../../store/types.ts";
import { getObject } from "../common/get.ts";
import type { GetDialect } from "../common/get_operation.ts";
import { readAttributes } from "../common/read_headers.ts";
import type { S3Client } from "./client.ts";
import {
  connectionOf,
  MARKER_KEY,
  METADATA_PREFIX,
  objectUrl,
  readHeaders,
  readS3Error,
  STORE,
} from "./core.ts";

// A version that is the marker of a deletion answers 405.
const DIALECT: GetDialect = {
  store: STORE,
  metadata: METADATA_PREFIX,
  hiddenMetadata: MARKER_KEY,
  version: "x-amz-version-id",
  kinds: { 405: NotFoundError },
  readError: readS3Error,
};

/** Gets an object, held against its checksum where the service has one. */
export function readObject(client: S3Client, path: Path, options: GetOptions): Promise<GetResult> {
  const { version, range, head } = options;
  const whole = range === undefined && !head;
  const target = {
    path,
    url: objectUrl(client, path, version === undefined ? undefined : [["versionId", version]]),
    headers: readHeaders(client, whole),
  };
  // Loaded beside the first request.
  const verifier = whole && client.verify ? verify ?? loadVerify() : undefined;
  if (verifier instanceof Promise) verifier.catch(() => {});
  const get = (sent: GetOptions) => getObject(connectionOf(client), DIALECT, target, sent);
  const result = options.ifMatch === undefined && options.ifNoneMatch === undefined
    ? get(options)
    : import("./read_conditions.ts").then(({ getOnCondition }) => getOnCondition(options, get));
  return verifier === undefined ? result : result.then((result) => verified(result, verifier));
}

/** The attributes that a response reports. */
export function attributesOf(headers: HeaderList): Attributes {
  return readAttributes(headers, METADATA_PREFIX, MARKER_KEY);
}

type Verifier = typeof import("./checksum/verify.ts");
let verify: Verifier | undefined;

async function loadVerify(): Promise<Verifier> {
  return verify ??= await import("./checksum/verify.ts");
}

/** Without a further promise where all is there. */
function verified(result: GetResult, verifier: Verifier | Promise<Verifier>): GetResult | Promise<GetResult> {
  const checked = verifier instanceof Promise
    ? verifier.then(({ verified }) => verified(result))
    : verifier.verified(result);
  return checked instanceof Promise ? checked.catch((error) => unchecked(result, error)) : checked;
}

/** Gives up a result that nothing is there to check. */
async function unchecked(result: GetResult, error: unknown): Promise<never> {
  const path = result.meta.location;
  await result.body.cancel(error).catch(() => {});
  throw toStoreError(error, `Cannot get "${path}"`, { store: STORE, path });
}
