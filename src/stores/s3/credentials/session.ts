/** Sessions of directory buckets (S3 Express One Zone). Source: S3 API reference, `CreateSession`. */
import type { HttpLayer, HttpService } from "../../../http/service.ts";
import type { HeaderEntry } from "../../../http/headers.ts";
import { GenericError } from "../../../store/error.ts";
import { type FailureContext, responseError, transportError } from "../../common/error.ts";
import type { SigningState } from "../signing/authorize.ts";
import { cachedCredentials } from "./cached.ts";
import type { S3Client } from "../client.ts";
import { connectionOver, readS3Error, serviceDate, STORE } from "../core.ts";
import type { S3Credential } from "../credential.ts";
import type { S3CredentialProvider } from "./provider.ts";

const FAILURE: FailureContext = { store: STORE, action: "create a session", readError: readS3Error };

/**
 * Credentials of sessions, renewed a minute before they end. `authorize` signs with the credentials proper, of `state`.
 */
export function sessionCredentials(
  { connection: { connected, client }, configured, encryption }: S3Client,
  authorize: HttpLayer,
  state: SigningState,
): S3CredentialProvider {
  const { service } = connectionOver(connected, client, authorize);
  return cachedCredentials(() => createSession(service, configured.url, encryption.write), {
    minTtl: 60_000,
    now: () => serviceDate(state).getTime(),
  });
}

/** Opens a session; it lives five minutes. */
async function createSession(
  service: HttpService,
  url: string,
  encryption: readonly HeaderEntry[],
): Promise<S3Credential> {
  let text: string;
  try {
    const headers: HeaderEntry[] = [["x-amz-create-session-mode", "ReadWrite"], ...encryption];
    const response = await service.call({ method: "GET", url: `${url}/?session`, headers });
    if (response.status !== 200) throw await responseError(response, FAILURE);
    text = await response.text();
  } catch (error) {
    throw transportError(error, FAILURE);
  }
  const { parseXml, xmlChild, xmlText } = await import("../../common/xml.ts");
  try {
    const element = xmlChild(parseXml(text.trim(), { root: "CreateSessionResult" }), "Credentials");
    const expiration = new Date(xmlText(element, "Expiration") ?? "");
    const accessKeyId = xmlText(element, "AccessKeyId");
    const secretAccessKey = xmlText(element, "SecretAccessKey");
    const sessionToken = xmlText(element, "SessionToken");
    if (!accessKeyId || !secretAccessKey || !sessionToken || Number.isNaN(expiration.getTime())) {
      throw new Error("a field is missing");
    }
    return { accessKeyId, secretAccessKey, sessionToken, expiration };
  } catch (error) {
    // The document holds a secret: only what is wrong with it is told.
    throw new GenericError("Cannot create a session: the answer cannot be read", {
      store: STORE,
      cause: error,
    });
  }
}
