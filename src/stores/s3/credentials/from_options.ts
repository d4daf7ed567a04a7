/** Credentials that a store's own options name, where the environment is not asked. */
import type { S3Credential } from "../credential.ts";
import type { S3StoreOptions } from "../options.ts";
import { fetchContainer } from "./container.ts";
import { openContext } from "./context.ts";
import { refused } from "./fetch.ts";
import { fetchInstanceMetadata } from "./instance_metadata.ts";
import { fetchProfile } from "./profile.ts";
import { fetchWebIdentity } from "./web_identity.ts";

/** Fetches from the profile, the web identity, the container or the instance: the first that the options name. */
export async function fetchFromOptions(options: Partial<S3StoreOptions>): Promise<S3Credential> {
  const { connector, client, endpointUrlSts, profile, webIdentityTokenFile, roleArn } = options;
  const region = options.region ?? options.defaultRegion;
  if (profile) {
    // Its files are found by the environment, and a profile may refer to it.
    const context = await openContext("read a profile", { connector, client });
    const { metadataEndpoint } = options;
    return await fetchProfile(context, { profile, region, endpointUrlSts, metadataEndpoint });
  }
  const context = await openContext("get credentials", { connector, client, env: {} });
  if (webIdentityTokenFile && roleArn) {
    const { roleSessionName } = options;
    return await fetchWebIdentity(context, {
      webIdentityTokenFile,
      roleArn,
      roleSessionName,
      region,
      endpointUrlSts,
    });
  }
  const found = await fetchContainer(context, options) ?? await fetchInstanceMetadata(context, options);
  if (found !== undefined) return found;
  throw refused("Cannot find credentials for S3: the options name no place that has some");
}
