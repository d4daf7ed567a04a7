/**
 * Credentials of a role, from the AWS Security Token Service. Source: STS API reference, `AssumeRole` and
 * `AssumeRoleWithWebIdentity`.
 */
import type { HttpLayer, HttpRequest, HttpResponse } from "../../../http/service.ts";
import { ConfigurationError } from "../../../store/error.ts";
import type { ConnectionOptions } from "../../common/connection.ts";
import {
  type ErrorClass,
  failed,
  type FailureContext,
  responseError,
  type ServiceError,
} from "../../common/error.ts";
import { PermissionDeniedError, UnauthenticatedError } from "../../../store/error.ts";
import { parseBaseUrl } from "../../common/url.ts";
import type { S3Credential } from "../credential.ts";
import { domainOf } from "../endpoint/endpoint.ts";
import { getHeader } from "../core.ts";
import { signRequest } from "../signing/sigv4.ts";
import { payloadHash } from "../signing/payload_hash.ts";
import type { CredentialContext } from "./context.ts";
import { oneLine, parseInstant, reasonOf, refused, withService } from "./fetch.ts";
import type { RoleOptions } from "./options.ts";

/** Of a role that is assumed with other credentials. */
export interface AssumeRoleRequest extends Omit<RoleOptions, "env"> {
  readonly externalId?: string;
  readonly mfaSerial?: string;
  readonly mfaCode?: string;
  /** What signs the request. */
  readonly source: S3Credential;
}

/** Where the service is, and what it signs for. */
interface Endpoint {
  readonly url: string;
  readonly region: string;
}

function endpointOf(context: CredentialContext, { region, endpointUrlSts }: Partial<RoleOptions>): Endpoint {
  const wanted = region ?? context.variable("AWS_REGION") ?? context.variable("AWS_DEFAULT_REGION");
  // Names such as "auto" are those of other services.
  const known = wanted !== undefined && /^[a-z]{2,}(?:-[a-z]+)+-\d+$/.test(wanted) ? wanted : "us-east-1";
  const given = endpointUrlSts || context.variable("AWS_ENDPOINT_URL_STS") ||
    context.variable("AWS_ENDPOINT_URL");
  if (given === undefined) return { url: `https://sts.${known}.${domainOf(known)}/`, region: known };
  const { origin, path } = parseBaseUrl(given, "S3");
  return { url: `${origin}${path}/`, region: known };
}

/** Assumes a role with a token of an identity provider. The request is not signed: the token says who asks. */
export async function assumeRoleWithWebIdentity(
  context: CredentialContext,
  options: RoleOptions & { readonly token: string },
): Promise<S3Credential> {
  return await ask(context, "AssumeRoleWithWebIdentity", endpointOf(context, options), {
    RoleArn: roleArn(options.roleArn),
    RoleSessionName: options.roleSessionName || "WebIdentitySession",
    WebIdentityToken: options.token,
    DurationSeconds: duration(options.durationSeconds),
    Policy: options.policy,
  });
}

/** Assumes a role with other credentials. */
export async function assumeRole(
  context: CredentialContext,
  request: AssumeRoleRequest,
): Promise<S3Credential> {
  const endpoint = endpointOf(context, request);
  const sign: HttpLayer = (inner) => {
    const send = async (sent: HttpRequest, date: Date) => {
      const body = [sent.body as Uint8Array];
      const headers = signRequest(sent, {
        credential: request.source,
        date,
        region: endpoint.region,
        service: "sts",
        payloadHash: await payloadHash(body, body[0]!.byteLength),
      });
      return await inner.call({ ...sent, headers });
    };
    return {
      call: async (sent) => {
        const now = new Date();
        const response = await send(sent, now);
        const date = serviceTime(response, now);
        if (date === undefined) return response;
        await response.cancel();
        return await send(sent, date);
      },
      close: () => inner.close?.(),
    };
  };
  return await ask(context, "AssumeRole", endpoint, {
    RoleArn: roleArn(request.roleArn),
    RoleSessionName: request.roleSessionName || `storeport-${Date.now()}`,
    DurationSeconds: duration(request.durationSeconds),
    ExternalId: request.externalId,
    SerialNumber: request.mfaSerial,
    TokenCode: request.mfaCode,
    Policy: request.policy,
  }, sign);
}

/** The service takes clocks that are off by up to this much, in milliseconds. */
const MAX_SKEW = 4 * 60_000;

/**
 * The service's time, where it has refused a signature and ours is far from it: a signature made at that time may be
 * taken.
 */
function serviceTime({ status, headers }: HttpResponse, now: Date): Date | undefined {
  if (status !== 400 && status !== 403) return undefined;
  const time = Date.parse(getHeader(headers, "date") ?? "");
  return Math.abs(time - now.getTime()) > MAX_SKEW ? new Date(time) : undefined;
}

function roleArn(arn: string): string {
  if (/^arn:[\w-]+:iam::\d{12}:role\/.+$/.test(arn)) return arn;
  throw new ConfigurationError(
    `Cannot assume the role ${
      JSON.stringify(arn)
    }: an ARN such as "arn:aws:iam::123456789012:role/name" is needed`,
    { store: "S3", key: "roleArn" },
  );
}

function duration(seconds: number | undefined): string {
  if (seconds === undefined) return "3600";
  if (Number.isInteger(seconds) && seconds >= 900 && seconds <= 43_200) return `${seconds}`;
  throw new ConfigurationError(
    `Cannot assume a role for ${seconds} s: a whole number from 900 to 43200 is needed`,
    { store: "S3", key: "durationSeconds" },
  );
}

type Action = "AssumeRole" | "AssumeRoleWithWebIdentity";

async function ask(
  context: CredentialContext,
  action: Action,
  endpoint: Endpoint,
  parameters: Readonly<Record<string, string | undefined>>,
  authorize?: HttpLayer,
): Promise<S3Credential> {
  const failure: FailureContext = {
    store: "S3",
    action: `assume the role "${parameters.RoleArn}"`,
    readError: readStsError,
    kinds: { 400: UnauthenticatedError, 403: PermissionDeniedError as ErrorClass },
  };
  const form = new URLSearchParams({ Action: action, Version: "2011-06-15" });
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) form.set(name, value);
  const connection: ConnectionOptions = context.connection;
  let text: string;
  try {
    text = await withService(connection, async (service) => {
      const response = await service.call({
        method: "POST",
        url: endpoint.url,
        headers: [
          ["content-type", "application/x-www-form-urlencoded; charset=utf-8"],
          ["accept", "application/xml"],
        ],
        body: new TextEncoder().encode(form.toString()),
        // Another session more does no harm.
        idempotent: true,
      });
      if (response.status !== 200) throw await responseError(response, failure);
      return await response.text();
    }, authorize);
  } catch (error) {
    if (error instanceof UnauthenticatedError || error instanceof PermissionDeniedError) throw error;
    throw refused(
      error instanceof Error && error.message.startsWith(failed(failure))
        ? error.message
        : `${failed(failure)}: ${reasonOf(error)}`,
      { cause: error },
    );
  }
  return await readReply(text, action, failed(failure));
}

async function readReply(text: string, action: Action, failed: string): Promise<S3Credential> {
  const { parseXml, xmlChild, xmlText } = await import("../../common/xml.ts");
  try {
    const root = parseXml(text.trim(), { root: `${action}Response` });
    const element = xmlChild(xmlChild(root, `${action}Result`), "Credentials");
    const accessKeyId = xmlText(element, "AccessKeyId")?.trim();
    const secretAccessKey = xmlText(element, "SecretAccessKey")?.trim();
    const sessionToken = xmlText(element, "SessionToken")?.trim();
    if (!accessKeyId || !secretAccessKey || !sessionToken) throw new Error("a field is missing");
    const expiration = parseInstant(xmlText(element, "Expiration") ?? "", failed);
    return { accessKeyId, secretAccessKey, sessionToken, expiration };
  } catch {
    // The document holds a secret, and a parser's error may quote it.
    throw refused(`${failed}: the answer cannot be read`);
  }
}

async function readStsError(body: string): Promise<ServiceError> {
  if (!/<(?:\w+:)?ErrorResponse[\s>]/.test(body)) return {};
  const { parseXml, xmlChild, xmlText } = await import("../../common/xml.ts");
  try {
    const root = parseXml(body.trim(), { root: "ErrorResponse" });
    const error = xmlChild(root, "Error");
    const message = xmlText(error, "Message");
    return {
      code: xmlText(error, "Code")?.trim(),
      message: message === undefined ? undefined : oneLine(message),
      requestId: xmlText(root, "RequestId")?.trim(),
    };
  } catch {
    return {};
  }
}
