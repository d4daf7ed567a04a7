/** The default credential chain: where credentials are looked for when none are given. */
import { PermissionDeniedError } from "../../../store/error.ts";
import type { S3Credential } from "../credential.ts";
import { fetchContainer } from "./container.ts";
import type { CredentialContext } from "./context.ts";
import { reasonOf, refused } from "./fetch.ts";
import { fetchInstanceMetadata } from "./instance_metadata.ts";
import type { DefaultCredentialsOptions } from "./options.ts";
import { environmentCredential, fetchProfile, fetchProfileIfAny, profileName } from "./profile.ts";
import { fetchWebIdentityFromEnvironment } from "./web_identity.ts";

/** One place to look. */
interface Link {
  /** What is said of it when nothing is found anywhere. */
  readonly missing: string;
  /**
   * `undefined`: nothing there, look on. A failure ends the search: what is configured and broken is not passed over.
   */
  find(): Promise<S3Credential | undefined> | S3Credential | undefined;
}

/**
 * Looks through the places in turn: the environment's keys, a web identity, the profile, the container, the instance.
 * A profile named in the options goes before all of them.
 */
export async function fetchFromChain(
  context: CredentialContext,
  options: DefaultCredentialsOptions,
): Promise<S3Credential> {
  if (options.profile) return await fetchProfile(context, options);
  const links: readonly Link[] = [
    { missing: "no keys in the environment", find: () => environmentCredential(context) },
    {
      missing: "no web identity",
      find: () => fetchWebIdentityFromEnvironment(context, options),
    },
    {
      missing: `no profile "${profileName(context, options)}" with credentials`,
      find: () => fetchProfileOrPass(context, options),
    },
    { missing: "no container", find: () => fetchContainer(context, options) },
  ];
  for (const { find } of links) {
    const found = await find();
    if (found !== undefined) return found;
  }
  const looked = links.map(({ missing }) => missing).join(", ");
  let last = "the instance metadata service is turned off";
  let cause: unknown;
  try {
    const found = await fetchInstanceMetadata(context, options, options.now);
    if (found !== undefined) return found;
  } catch (error) {
    last = reasonOf(error);
    cause = error;
  }
  throw refused(
    `Cannot find credentials for S3: ${looked}, and ${last}; for a public bucket set "skipSignature"`,
    { cause },
  );
}

/** Files that may not be read are passed over unless a profile was asked for: most programs have none. */
async function fetchProfileOrPass(
  context: CredentialContext,
  options: DefaultCredentialsOptions,
): Promise<S3Credential | undefined> {
  try {
    return await fetchProfileIfAny(context, options);
  } catch (error) {
    if (error instanceof PermissionDeniedError && context.variable("AWS_PROFILE") === undefined) {
      return undefined;
    }
    throw error;
  }
}
