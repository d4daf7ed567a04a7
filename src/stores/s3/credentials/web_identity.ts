/** Credentials of a role for a token of an identity provider, as Kubernetes mounts them. */
import type { S3Credential } from "../credential.ts";
import type { CredentialContext } from "./context.ts";
import { refused } from "./fetch.ts";
import type { RoleOptions, WebIdentityOptions } from "./options.ts";
import { assumeRoleWithWebIdentity } from "./sts.ts";

/** Assumes the role with the token of now: files are rotated, so they are read each time. */
export async function fetchWebIdentity(
  context: CredentialContext,
  options: WebIdentityOptions,
): Promise<S3Credential> {
  const { webIdentityTokenFile: file, webIdentityToken: given } = options;
  const role: RoleOptions = options;
  let token = typeof given === "function" ? await given() : given;
  if (token === undefined && file !== undefined) {
    const text = await context.host.readFile(context.place(file));
    if (text === undefined) {
      throw refused(`Cannot assume the role "${options.roleArn}": the token file "${file}" is not there`);
    }
    token = text.trim();
  }
  if (!token) throw refused(`Cannot assume the role "${options.roleArn}": there is no web identity token`);
  return await assumeRoleWithWebIdentity(context, { ...role, token });
}

/** As {@linkcode fetchWebIdentity}, with what the environment adds; `undefined` unless file and role are both known. */
export async function fetchWebIdentityFromEnvironment(
  context: CredentialContext,
  options: Partial<WebIdentityOptions>,
): Promise<S3Credential | undefined> {
  const webIdentityTokenFile = options.webIdentityTokenFile ||
    context.variable("AWS_WEB_IDENTITY_TOKEN_FILE");
  const roleArn = options.roleArn || context.variable("AWS_ROLE_ARN");
  if (webIdentityTokenFile === undefined || roleArn === undefined) return undefined;
  const roleSessionName = options.roleSessionName || context.variable("AWS_ROLE_SESSION_NAME");
  return await fetchWebIdentity(context, { ...options, webIdentityTokenFile, roleArn, roleSessionName });
}
