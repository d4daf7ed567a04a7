/** Requests for credentials. What comes back is a secret: it never gets into an error. */
import { FetchConnector } from "../../../http/fetch.ts";
import type { HttpLayer, HttpRequest, HttpResponse, HttpService } from "../../../http/service.ts";
import { UnauthenticatedError } from "../../../store/error.ts";
import type { ConnectionOptions } from "../../common/connection.ts";
import { openConnection } from "../../common/open_connection.ts";
import { HttpError } from "../core.ts";
import type { S3Credential } from "../credential.ts";

/** Runs `body` with a service of the store's own options: for token services on the network. */
export async function withService<T>(
  { connector = new FetchConnector(), client }: ConnectionOptions,
  body: (service: HttpService) => Promise<T>,
  authorize?: HttpLayer,
): Promise<T> {
  const { service } = openConnection(connector, client, authorize);
  try {
    return await body(service);
  } finally {
    service.close?.();
  }
}

/**
 * Runs `body` with a service for metadata endpoints: near ones, so without a proxy and with short timeouts. Where there
 * is none the wait must be short, since every program off the cloud would have it: who does not answer in time is
 * not asked again.
 */
export async function withMetadataService<T>(
  { connector = new FetchConnector(), client = {} }: ConnectionOptions,
  body: (service: HttpService) => Promise<T>,
): Promise<T> {
  const { policy, trace } = client;
  const { service } = openConnection(connector, {
    policy,
    trace,
    // Plain HTTP within the machine or its hypervisor: there is no other.
    allowHttp: true,
    connectTimeout: 1000,
    firstByteTimeout: 1000,
    timeout: 5000,
    retry: {
      maxRetries: 3,
      retryTimeout: 10_000,
      maxBackoff: 1000,
      shouldRetry: ({ error }) => error instanceof HttpError && isTimeout(error) ? false : undefined,
    },
  });
  try {
    return await body(service);
  } finally {
    service.close?.();
  }
}

function isTimeout({ kind, detail }: HttpError): boolean {
  return kind === "timeout" || detail?.tag === "connection-timeout";
}

/** Sends a request and reads its body whole, whatever its status. */
export async function fetchText(
  service: HttpService,
  request: HttpRequest,
): Promise<{ readonly status: number; readonly text: string; readonly response: HttpResponse }> {
  const response = await service.call(request);
  return { status: response.status, text: await response.text(), response };
}

/**
 * Reads the JSON that the metadata services and credential processes print.
 *
 * @param action What failed, as the start of a sentence, for errors.
 * @throws {UnauthenticatedError} where it is no JSON or a field is missing. It does not quote the text.
 */
export function parseCredentialJson(
  text: string,
  action: string,
  token: "Token" | "SessionToken",
): S3Credential {
  const record = parseJsonObject(text, action);
  const field = (name: string): string | undefined => {
    const value = record[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  // A refusal comes as a document too: its code and message are no secrets.
  const code = field("Code");
  if (code !== undefined && code !== "Success") {
    const message = field("Message");
    throw refused(`${action}: ${code}${message === undefined ? "" : `: ${oneLine(message)}`}`);
  }
  const accessKeyId = field("AccessKeyId");
  const secretAccessKey = field("SecretAccessKey");
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw refused(
      `${action}: the answer has no "${accessKeyId === undefined ? "AccessKeyId" : "SecretAccessKey"}"`,
    );
  }
  const expires = field("Expiration");
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken: field(token),
    expiration: expires === undefined ? undefined : parseInstant(expires, action),
  };
}

/** An object of JSON. @throws {UnauthenticatedError} for other text; it is not quoted. */
export function parseJsonObject(text: string, action: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // The parser's error quotes the text.
  }
  throw refused(`${action}: the answer is no JSON object`);
}

/** An instant as RFC 3339 has it. @throws {UnauthenticatedError} for other text. */
export function parseInstant(text: string, action: string): Date {
  const date = new Date(text);
  if (!Number.isNaN(date.getTime())) return date;
  throw refused(`${action}: the time at which they end cannot be read`);
}

/** An error of a provider. */
export function refused(
  message: string,
  options: { readonly cause?: unknown; readonly status?: number; readonly code?: string } = {},
): UnauthenticatedError {
  return new UnauthenticatedError(message, { store: "S3", ...options });
}

/** Text of a service, fit for a message. */
export function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex -- what services send must not break a log
  return text.replace(/[\x00-\x20\x7f]+/g, " ").trim().slice(0, 300);
}

/** Whether a request failed because nobody answers there, or nobody may be asked. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.charAt(0).toLowerCase() + message.slice(1);
}
