/**
 * Providers of credentials. Each loads its own code when it is first asked, so that a page which has its keys pays
 * nothing for the others.
 */
import { cachedCredentials } from "./cached.ts";
import type { S3Credential } from "../credential.ts";
import type { S3CredentialProvider } from "./provider.ts";
import type { CredentialContext } from "./context.ts";
import type {
  ContainerOptions,
  DefaultCredentialsOptions,
  InstanceMetadataOptions,
  ProfileOptions,
  ProviderOptions,
  RoleOptions,
  WebIdentityOptions,
} from "./options.ts";

/**
 * Credentials found as the AWS tools find them, in this order: the profile given in the options; keys of the
 * environment (`AWS_ACCESS_KEY_ID`, …); a web identity (`AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`); the profile
 * `AWS_PROFILE` or `default` of the shared files; the container's (ECS, EKS); the EC2 instance's. The first that is
 * configured is used, and its failure ends the search.
 *
 * @example
 * ```ts ignore
 * import { defaultCredentials, S3Store } from "@storeport/storeport/s3";
 *
 * const store = new S3Store({ bucket: "data", region: "eu-west-1", credentials: defaultCredentials() });
 * ```
 *
 * The provider rejects with `UnauthenticatedError` if nothing is found, naming the places searched; with
 * `NotSupportedError` in a browser; with `PermissionDeniedError` if Deno lacks a permission.
 */
export function defaultCredentials(options: DefaultCredentialsOptions = {}): S3CredentialProvider {
  return provider("look for credentials", options, async (context) => {
    const { fetchFromChain } = await import("./chain.ts");
    return await fetchFromChain(context, options);
  });
}

/** Keys of the environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`. */
export function environmentCredentials(options: ProviderOptions = {}): S3CredentialProvider {
  return provider("read credentials of the environment", options, async (context) => {
    const { environmentCredential } = await import("./profile.ts");
    return environmentCredential(context) ?? await missing("the environment has no keys");
  });
}

/**
 * Credentials of a profile of `~/.aws/config` and `~/.aws/credentials`: keys, a role (`source_profile`,
 * `credential_source`), a web identity, a program (`credential_process`), or IAM Identity Center (`sso_session`).
 */
export function profileCredentials(options: ProfileOptions = {}): S3CredentialProvider {
  return provider("read a profile", options, async (context) => {
    const { fetchProfile } = await import("./profile.ts");
    return await fetchProfile(context, options);
  });
}

/** Credentials of a role for a token of an identity provider (STS `AssumeRoleWithWebIdentity`). */
export function webIdentityCredentials(options: WebIdentityOptions): S3CredentialProvider {
  return provider("use a web identity", options, async (context) => {
    const { fetchWebIdentity } = await import("./web_identity.ts");
    return await fetchWebIdentity(context, options);
  }, true);
}

/** Credentials of the container: a task of ECS, a pod of EKS. */
export function containerCredentials(options: ContainerOptions = {}): S3CredentialProvider {
  return provider("get credentials of the container", options, async (context) => {
    const { fetchContainer } = await import("./container.ts");
    return await fetchContainer(context, options) ?? await missing("this is no container");
  });
}

/** Credentials of the EC2 instance's role, by version 2 of its metadata service. */
export function instanceMetadataCredentials(options: InstanceMetadataOptions = {}): S3CredentialProvider {
  return provider("get credentials of the instance", options, async (context) => {
    const { fetchInstanceMetadata } = await import("./instance_metadata.ts");
    return await fetchInstanceMetadata(context, options, options.now) ??
      await missing("the environment turns the metadata service off");
  });
}

/** Options of {@linkcode assumeRoleCredentials}. */
export interface AssumeRoleOptions extends RoleOptions {
  /** Credentials that may assume the role; those of another role make a chain. */
  readonly source: S3Credential | S3CredentialProvider;
  /** External id, which the role's owner may require of third parties. */
  readonly externalId?: string;
  /** Serial number or ARN of a multi-factor device. */
  readonly mfaSerial?: string;
  /** Called for the device's code at each renewal. */
  readonly mfaCode?: () => Promise<string>;
}

/**
 * Credentials of a role that other credentials may assume (STS `AssumeRole`).
 *
 * @example
 * ```ts ignore
 * import { assumeRoleCredentials, defaultCredentials } from "@storeport/storeport/s3";
 *
 * const credentials = assumeRoleCredentials({
 *   source: defaultCredentials(),
 *   roleArn: "arn:aws:iam::123456789012:role/reader",
 * });
 * ```
 */
export function assumeRoleCredentials(options: AssumeRoleOptions): S3CredentialProvider {
  const { source, mfaCode } = options;
  return provider("assume a role", options, async (context) => {
    const { assumeRole } = await import("./sts.ts");
    const signer = "get" in source ? await source.get() : source;
    return await assumeRole(context, {
      ...options,
      source: signer ?? await missing("the source of the role gives none"),
      mfaCode: await mfaCode?.(),
    });
  }, true);
}

function provider(
  what: string,
  options: ProviderOptions,
  fetch: (context: CredentialContext) => Promise<S3Credential>,
  lenient = false,
): S3CredentialProvider {
  return cachedCredentials(async () => {
    const { openContext, openLenientContext } = await import("./context.ts");
    return await fetch(await (lenient ? openLenientContext : openContext)(what, options));
  }, options);
}

async function missing(why: string): Promise<never> {
  const { refused } = await import("./fetch.ts");
  throw refused(`Cannot find credentials for S3: ${why}`);
}
