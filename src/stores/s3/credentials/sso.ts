/**
 * Credentials of a person who signed in with `aws sso login`: the token it left behind is renewed where it can be, and
 * exchanged for credentials of a role. Sources: AWS SDKs reference guide, "IAM Identity Center credential
 * provider"; APIs `GetRoleCredentials` (portal) and `CreateToken` (OIDC).
 */
import { sha1 } from "@noble/hashes/legacy.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { S3Credential } from "../credential.ts";
import { domainOf } from "../endpoint/endpoint.ts";
import type { CredentialContext } from "./context.ts";
import { fetchText, oneLine, parseJsonObject, reasonOf, refused, withService } from "./fetch.ts";
import type { IniSection } from "./ini.ts";
import type { SharedFiles } from "./shared_files.ts";

/** A token is renewed when it has less than this left. */
const TOKEN_MARGIN = 5 * 60_000;

/** What a profile says of signing in. */
interface Login {
  readonly profile: string;
  readonly startUrl: string;
  readonly region: string;
  readonly accountId: string;
  readonly roleName: string;
  /** Name of the `sso-session` section; absent in the older form, whose tokens cannot be renewed. */
  readonly session: string | undefined;
}

/** Whether a profile is one of IAM Identity Center. */
export function isSsoProfile(profile: IniSection): boolean {
  return profile.has("sso_account_id") || profile.has("sso_session") || profile.has("sso_start_url");
}

/** Exchanges the token for credentials of the profile's role. */
export async function fetchSso(
  context: CredentialContext,
  files: SharedFiles,
  name: string,
  profile: IniSection,
  now: () => number,
): Promise<S3Credential> {
  const login = readLogin(files, name, profile);
  const token = await accessToken(context, login, now);
  const action = `Cannot get credentials of profile "${name}" from IAM Identity Center`;
  const base = context.variable("AWS_ENDPOINT_URL_SSO")?.replace(/\/+$/, "") ??
    `https://portal.sso.${login.region}.${domainOf(login.region)}`;
  const query = new URLSearchParams({ role_name: login.roleName, account_id: login.accountId });
  const { status, text } = await ask(context, action, {
    method: "GET",
    url: `${base}/federation/credentials?${query.toString().replaceAll("+", "%20")}`,
    headers: [["x-amz-sso_bearer_token", token], ["accept", "application/json"]],
  });
  if (status === 401) throw signInAgain(login, "the token is not accepted any more");
  if (status !== 200) throw refused(`${action}: status ${status}${said(text)}`, { status });
  const { roleCredentials } = parseJsonObject(text, action) as {
    roleCredentials?: Record<string, unknown>;
  };
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = roleCredentials ?? {};
  if (
    typeof accessKeyId !== "string" || typeof secretAccessKey !== "string" ||
    typeof sessionToken !== "string" || typeof expiration !== "number"
  ) {
    throw refused(`${action}: a field of the answer is missing`);
  }
  return { accessKeyId, secretAccessKey, sessionToken, expiration: new Date(expiration) };
}

function readLogin(files: SharedFiles, name: string, profile: IniSection): Login {
  const session = profile.get("sso_session") || undefined;
  const section = session === undefined ? profile : files.ssoSessions.get(session);
  if (section === undefined) {
    throw refused(`Cannot use the profile "${name}": there is no section [sso-session ${session}]`);
  }
  const need = (from: IniSection, key: string): string => {
    const value = from.get(key);
    if (value) return value;
    throw refused(`Cannot use the profile "${name}": "${key}" is missing`);
  };
  return {
    profile: name,
    session,
    startUrl: need(section, "sso_start_url"),
    region: need(section, "sso_region"),
    accountId: need(profile, "sso_account_id"),
    roleName: need(profile, "sso_role_name"),
  };
}

function signInAgain({ profile }: Login, why: string): Error {
  return refused(`Cannot use the profile "${profile}": ${why}; run "aws sso login --profile ${profile}"`);
}

/** The token that signing in left in the cache, renewed where that is due and can be done. */
async function accessToken(context: CredentialContext, login: Login, now: () => number): Promise<string> {
  const { host } = context;
  const file = `${bytesToHex(sha1(utf8ToBytes(login.session ?? login.startUrl)))}.json`;
  const path = context.place(`~/.aws/sso/cache/${file}`);
  const text = await host.readFile(path);
  if (text === undefined) throw signInAgain(login, "nobody has signed in");
  const cached = parseJsonObject(text, `Cannot read the token of profile "${login.profile}"`);
  const token = typeof cached.accessToken === "string" ? cached.accessToken : "";
  // Older tools wrote "UTC" for the "Z".
  const left = Date.parse(String(cached.expiresAt).replace(/UTC$/, "Z")) - now();
  if (token !== "" && left > TOKEN_MARGIN) return token;
  try {
    return await renew(context, login, cached, path, now);
  } catch (error) {
    // The old one does until it ends.
    if (token !== "" && left > 0) return token;
    throw error;
  }
}

async function renew(
  context: CredentialContext,
  login: Login,
  cached: Record<string, unknown>,
  path: string,
  now: () => number,
): Promise<string> {
  const { clientId, clientSecret, refreshToken, registrationExpiresAt } = cached;
  const registered = Date.parse(String(registrationExpiresAt));
  if (
    login.session === undefined || typeof clientId !== "string" || typeof clientSecret !== "string" ||
    typeof refreshToken !== "string" || registered <= now()
  ) {
    throw signInAgain(login, "the token has expired");
  }
  const base = context.variable("AWS_ENDPOINT_URL_SSO_OIDC")?.replace(/\/+$/, "") ??
    `https://oidc.${login.region}.${domainOf(login.region)}`;
  const action = `Cannot renew the token of profile "${login.profile}"`;
  const { status, text } = await ask(context, action, {
    method: "POST",
    url: `${base}/token`,
    headers: [["content-type", "application/json"], ["accept", "application/json"]],
    body: new TextEncoder().encode(
      JSON.stringify({ clientId, clientSecret, grantType: "refresh_token", refreshToken }),
    ),
  });
  if (status !== 200) throw signInAgain(login, `its token cannot be renewed (status ${status}${said(text)})`);
  const reply = parseJsonObject(text, action);
  const { accessToken, expiresIn } = reply;
  if (typeof accessToken !== "string" || typeof expiresIn !== "number") {
    throw refused(`${action}: a field of the answer is missing`);
  }
  // Other tools read the cache too, and a refresh token may be good only once.
  await context.host.writeFile(
    path,
    JSON.stringify({
      ...cached,
      accessToken,
      expiresAt: new Date(now() + expiresIn * 1000).toISOString().replace(/\.\d+Z$/, "Z"),
      refreshToken: typeof reply.refreshToken === "string" ? reply.refreshToken : refreshToken,
    }),
  );
  return accessToken;
}

async function ask(
  context: CredentialContext,
  action: string,
  request: Parameters<typeof fetchText>[1],
): Promise<{ readonly status: number; readonly text: string }> {
  try {
    return await withService(context.connection, (service) => fetchText(service, request));
  } catch (error) {
    throw refused(`${action}: ${reasonOf(error)}`, { cause: error });
  }
}

/** What a refusal says, which is no secret. */
function said(text: string): string {
  try {
    const { message, error, error_description } = JSON.parse(text) as Record<string, unknown>;
    const words = [message, error, error_description].filter((part) => typeof part === "string");
    return words.length === 0 ? "" : `: ${oneLine(words.join(": "))}`;
  } catch {
    return "";
  }
}
