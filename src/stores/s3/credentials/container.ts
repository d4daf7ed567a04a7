/**
 * Credentials of a container: ECS tasks, EKS Pod Identity, Greengrass. Source: AWS SDKs reference guide, "Container
 * credential provider".
 */
import { isLoopbackHost, parseRequestUrl } from "../../../http/url.ts";
import { ConfigurationError } from "../../../store/error.ts";
import type { HeaderEntry } from "../../../http/headers.ts";
import type { S3Credential } from "../credential.ts";
import type { CredentialContext } from "./context.ts";
import { fetchText, oneLine, parseCredentialJson, reasonOf, refused, withMetadataService } from "./fetch.ts";
import type { ContainerOptions } from "./options.ts";

const ACTION = "Cannot get credentials of the container";
const ECS_HOST = "http://169.254.170.2";
/** The container services: ECS, and EKS over both versions of IP. */
const SERVICE_HOSTS = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];

/** Where the credentials are fetched; `undefined` where nothing says so. */
function endpointOf(context: CredentialContext, options: ContainerOptions): string | undefined {
  const relative = options.containerCredentialsRelativeUri ??
    context.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  if (relative !== undefined && relative !== "") {
    if (relative.startsWith("/") && !relative.startsWith("//")) return ECS_HOST + relative;
    throw new ConfigurationError(
      'Cannot use "containerCredentialsRelativeUri": it must begin with one slash',
      { store: "S3", key: "containerCredentialsRelativeUri" },
    );
  }
  const full = options.containerCredentialsFullUri ?? context.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (full === undefined || full === "") return undefined;
  checkFullUri(full);
  return full;
}

/** A token is sent there, so it may only be the machine itself, its container service, or under TLS. */
function checkFullUri(uri: string): void {
  let problem = "it is no http: or https: URL";
  try {
    const { scheme, host } = parseRequestUrl(uri);
    if (scheme === "https" || isLoopbackHost(host) || SERVICE_HOSTS.includes(host)) return;
    problem = `"${host}" is neither this machine nor a container service, and the scheme is not https:`;
  } catch {
    // The URL may hold a secret: it is not quoted.
  }
  throw new ConfigurationError(`Cannot use "containerCredentialsFullUri": ${problem}`, {
    store: "S3",
    key: "containerCredentialsFullUri",
  });
}

async function authorizationOf(
  context: CredentialContext,
  options: ContainerOptions,
): Promise<string | undefined> {
  const file = options.containerAuthorizationTokenFile ||
    context.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  let token = context.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (file !== undefined) {
    const text = await context.host.readFile(context.place(file));
    if (text === undefined) throw refused(`${ACTION}: the token file "${file}" is not there`);
    // Files end in a newline that is no part of the token.
    token = text.replace(/[\r\n]+$/, "");
  }
  if (token !== undefined && /[^\x20-\x7e]/.test(token)) {
    throw refused(`${ACTION}: the authorization token holds characters that no header has`);
  }
  return token || undefined;
}

/** Fetches the container's credentials; `undefined` outside of containers. */
export async function fetchContainer(
  context: CredentialContext,
  options: ContainerOptions,
): Promise<S3Credential | undefined> {
  const url = endpointOf(context, options);
  if (url === undefined) return undefined;
  const token = await authorizationOf(context, options);
  const headers: HeaderEntry[] = [["accept", "application/json"]];
  if (token !== undefined) headers.push(["authorization", token]);
  let reply: { status: number; text: string };
  try {
    reply = await withMetadataService(
      context.connection,
      (service) => fetchText(service, { method: "GET", url, headers }),
    );
  } catch (error) {
    throw refused(`${ACTION}: ${reasonOf(error)}`, { cause: error });
  }
  if (reply.status === 200) return parseCredentialJson(reply.text, ACTION, "Token");
  throw refused(`${ACTION}: status ${reply.status}${said(reply.text)}`, { status: reply.status });
}

/** Code and message of a refusal, which hold no secrets. */
function said(text: string): string {
  try {
    const { code, message } = JSON.parse(text) as { code?: unknown; message?: unknown };
    const parts = [code, message].filter((part): part is string => typeof part === "string");
    return parts.length === 0 ? "" : ` (${oneLine(parts.join(": "))})`;
  } catch {
    return "";
  }
}
