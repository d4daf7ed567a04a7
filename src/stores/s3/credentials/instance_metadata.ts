/** Credentials of an EC2 instance's role. Source: AWS "Use the Instance Metadata Service", versions 2 and 1. */
import type { HttpService } from "../../../http/service.ts";
import type { HeaderEntry } from "../../../http/headers.ts";
import type { S3Credential } from "../credential.ts";
import type { CredentialContext } from "./context.ts";
import { fetchText, parseCredentialJson, reasonOf, refused, withMetadataService } from "./fetch.ts";
import type { InstanceMetadataOptions } from "./options.ts";

const ACTION = "Cannot get credentials of the instance";
const TOKEN_TTL = "600";
const ROLES = "/latest/meta-data/iam/security-credentials/";
/** What is still used of expired credentials when the service, overloaded, has no newer ones. */
const EXTENSION = 15 * 60_000;

/** Where the service is; `undefined` where the environment turns it off. */
function endpointOf(context: CredentialContext, options: InstanceMetadataOptions): string | undefined {
  if (/^true$/i.test(context.variable("AWS_EC2_METADATA_DISABLED") ?? "")) return undefined;
  const given = options.metadataEndpoint ?? context.variable("AWS_METADATA_ENDPOINT") ??
    context.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (given !== undefined && given !== "") return given.replace(/\/+$/, "");
  return /^ipv6$/i.test(context.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE") ?? "")
    ? "http://[fd00:ec2::254]"
    : "http://169.254.169.254";
}

/** Fetches the instance's credentials; `undefined` where the environment turns that off. */
export async function fetchInstanceMetadata(
  context: CredentialContext,
  options: InstanceMetadataOptions,
  now: () => number = Date.now,
): Promise<S3Credential | undefined> {
  const endpoint = endpointOf(context, options);
  if (endpoint === undefined) return undefined;
  const fallback = options.imdsv1Fallback ??
    (/^true$/i.test(context.variable("AWS_IMDSV1_FALLBACK") ?? "") &&
      !/^true$/i.test(context.variable("AWS_EC2_METADATA_V1_DISABLED") ?? ""));
  return await withMetadataService(context.connection, async (service) => {
    try {
      const headers = await tokenHeaders(service, endpoint, fallback);
      const credential = await roleCredential(service, endpoint, headers);
      const { expiration } = credential;
      return expiration !== undefined && expiration.getTime() <= now()
        ? { ...credential, expiration: new Date(now() + EXTENSION) }
        : credential;
    } catch (error) {
      if (error instanceof Error && error.message.startsWith(ACTION)) throw error;
      throw refused(`${ACTION}: ${reasonOf(error)}`, { cause: error });
    }
  });
}

async function tokenHeaders(
  service: HttpService,
  endpoint: string,
  fallback: boolean,
): Promise<HeaderEntry[]> {
  const { status, text } = await fetchText(service, {
    method: "PUT",
    url: `${endpoint}/latest/api/token`,
    headers: [["x-aws-ec2-metadata-token-ttl-seconds", TOKEN_TTL]],
    body: new Uint8Array(),
  });
  const token = text.trim();
  if (status === 200 && /^[\x21-\x7e]+$/.test(token)) return [["x-aws-ec2-metadata-token", token]];
  // Version 1 can be abused by what makes a server send requests: it is asked for, never fallen into.
  if (fallback && [403, 404, 405].includes(status)) return [];
  throw refused(`${ACTION}: status ${status} for a token of version 2`, { status });
}

async function roleCredential(
  service: HttpService,
  endpoint: string,
  headers: readonly HeaderEntry[],
): Promise<S3Credential> {
  const read = async (path: string, what: string): Promise<string> => {
    const { status, text } = await fetchText(service, { method: "GET", url: endpoint + path, headers });
    if (status === 200) return text;
    const why = status === 404 ? "it has no role" : `status ${status} for ${what}`;
    throw refused(`${ACTION}: ${why}`, { status });
  };
  const role = (await read(ROLES, "the role's name")).split("\n", 1)[0]!.trim();
  if (role === "") throw refused(`${ACTION}: it has no role`);
  const text = await read(ROLES + encodeURIComponent(role), "the role's credentials");
  return parseCredentialJson(text, ACTION, "Token");
}
