/** Credentials that a program prints. Source: AWS SDKs reference guide, "Process credential provider". */
import type { S3Credential } from "../credential.ts";
import type { CredentialContext } from "./context.ts";
import { parseCredentialJson, parseJsonObject, reasonOf, refused } from "./fetch.ts";

/** Runs a command line and reads what it prints. */
export async function fetchProcess(
  context: CredentialContext,
  command: string,
  profile: string,
): Promise<S3Credential> {
  const action = `Cannot get credentials of the program of profile "${profile}"`;
  let text: string;
  try {
    text = await context.host.run(command);
  } catch (error) {
    throw refused(`${action}: ${reasonOf(error)}`, { cause: error });
  }
  const { Version } = parseJsonObject(text, action);
  if (Version !== 1) {
    throw refused(`${action}: it printed version ${JSON.stringify(Version)}, and 1 is known`);
  }
  return parseCredentialJson(text, action, "SessionToken");
}
