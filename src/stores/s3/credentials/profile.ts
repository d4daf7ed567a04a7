/** Credentials of a profile. Source: AWS SDKs reference guide, "Assume role credential provider" and its neighbours. */
import { ConfigurationError } from "../../../store/error.ts";
import type { S3Credential } from "../credential.ts";
import { fetchContainer } from "./container.ts";
import type { CredentialContext } from "./context.ts";
import { refused } from "./fetch.ts";
import type { IniSection } from "./ini.ts";
import { fetchInstanceMetadata } from "./instance_metadata.ts";
import type { ProfileOptions } from "./options.ts";
import { fetchProcess } from "./process.ts";
import { readSharedFiles, requireProfile, type SharedFiles } from "./shared_files.ts";
import { fetchSso, isSsoProfile } from "./sso.ts";
import { assumeRole } from "./sts.ts";
import { fetchWebIdentity } from "./web_identity.ts";

/** Name of the profile to use where none is given. */
export function profileName(context: CredentialContext, options: ProfileOptions): string {
  return options.profile || context.variable("AWS_PROFILE") || context.variable("AWS_DEFAULT_PROFILE") ||
    "default";
}

/**
 * Fetches credentials of a profile.
 *
 * @throws {ConfigurationError} for a profile that is not there, or contradicts itself.
 * @throws {UnauthenticatedError} where it names no credentials, or they cannot be got.
 */
export async function fetchProfile(
  context: CredentialContext,
  options: ProfileOptions,
): Promise<S3Credential> {
  const files = await readSharedFiles(context);
  const resolver = new ProfileResolver(context, files, options);
  return await resolver.resolve(profileName(context, options), []);
}

/** As {@linkcode fetchProfile}; `undefined` where nobody named a profile, and the default one gives no credentials. */
export async function fetchProfileIfAny(
  context: CredentialContext,
  options: ProfileOptions,
): Promise<S3Credential | undefined> {
  const name = profileName(context, options);
  const named = Boolean(options.profile || context.variable("AWS_PROFILE"));
  const files = await readSharedFiles(context);
  const profile = files.profiles.get(name);
  if (!named && (profile === undefined || !givesCredentials(profile))) return undefined;
  return await new ProfileResolver(context, files, options).resolve(name, []);
}

const GIVERS = [
  "aws_access_key_id",
  "aws_secret_access_key",
  "role_arn",
  "credential_process",
  "web_identity_token_file",
];

function givesCredentials(profile: IniSection): boolean {
  return GIVERS.some((key) => profile.has(key)) || isSsoProfile(profile);
}

class ProfileResolver {
  readonly #context: CredentialContext;
  readonly #files: SharedFiles;
  readonly #options: ProfileOptions;

  constructor(context: CredentialContext, files: SharedFiles, options: ProfileOptions) {
    this.#context = context;
    this.#files = files;
    this.#options = options;
  }

  /** @param through Profiles that led here as each other's source. */
  async resolve(name: string, through: readonly string[]): Promise<S3Credential> {
    const profile = requireProfile(this.#files, name);
    // A role's source that has keys is used as it is, its own role aside: so a profile may be its own source.
    if (through.length > 0 && profile.has("aws_access_key_id")) return staticKeys(name, profile);
    if (through.includes(name)) {
      throw refuse(name, `its "source_profile" leads back to itself (${[...through, name].join(" → ")})`);
    }
    if (profile.has("role_arn") && !profile.has("web_identity_token_file")) {
      return await this.#assumeRole(name, profile, [...through, name]);
    }
    if (profile.has("aws_access_key_id") || profile.has("aws_secret_access_key")) {
      return staticKeys(name, profile);
    }
    if (profile.has("web_identity_token_file")) return await this.#webIdentity(name, profile);
    const command = profile.get("credential_process");
    if (command) return await fetchProcess(this.#context, command, name);
    if (isSsoProfile(profile)) {
      return await fetchSso(this.#context, this.#files, name, profile, this.#options.now ?? Date.now);
    }
    throw refused(`Cannot use the profile "${name}": it names no credentials`);
  }

  async #webIdentity(name: string, profile: IniSection): Promise<S3Credential> {
    const roleArn = profile.get("role_arn");
    if (!roleArn) throw refuse(name, '"web_identity_token_file" needs "role_arn"');
    return await fetchWebIdentity(this.#context, {
      ...this.#options,
      roleArn,
      webIdentityTokenFile: profile.get("web_identity_token_file"),
      roleSessionName: profile.get("role_session_name"),
      region: this.#region(profile),
      endpointUrlSts: this.#stsEndpoint(profile),
    });
  }

  async #assumeRole(name: string, profile: IniSection, through: readonly string[]): Promise<S3Credential> {
    const roleArn = profile.get("role_arn")!;
    const source = await this.#source(name, profile, through);
    const mfaSerial = profile.get("mfa_serial") || undefined;
    const { mfaCode } = this.#options;
    if (mfaSerial !== undefined && mfaCode === undefined) {
      throw refuse(name, `its role needs a code of the device "${mfaSerial}": give the option "mfaCode"`);
    }
    const seconds = profile.get("duration_seconds");
    return await assumeRole(this.#context, {
      source,
      roleArn,
      roleSessionName: profile.get("role_session_name"),
      externalId: profile.get("external_id") || undefined,
      durationSeconds: seconds ? Number(seconds) : undefined,
      mfaSerial,
      mfaCode: mfaSerial === undefined ? undefined : await mfaCode!(mfaSerial),
      region: this.#region(profile),
      endpointUrlSts: this.#stsEndpoint(profile),
    });
  }

  async #source(name: string, profile: IniSection, through: readonly string[]): Promise<S3Credential> {
    const from = profile.get("source_profile");
    const kind = profile.get("credential_source");
    if (from && kind) throw refuse(name, '"source_profile" and "credential_source" exclude each other');
    if (from) return await this.resolve(from, through);
    if (!kind) throw refuse(name, '"role_arn" needs "source_profile" or "credential_source"');
    const context = this.#context;
    let found: S3Credential | undefined;
    switch (kind.toLowerCase()) {
      case "environment":
        found = environmentCredential(context);
        break;
      case "ec2instancemetadata":
        found = await fetchInstanceMetadata(context, this.#options);
        break;
      case "ecscontainer":
        found = await fetchContainer(context, {});
        break;
      default:
        throw refuse(
          name,
          `its "credential_source" is "${kind}", and "Environment", "Ec2InstanceMetadata" and "EcsContainer" are known`,
        );
    }
    if (found !== undefined) return found;
    throw refused(`Cannot use the profile "${name}": its source "${kind}" has no credentials`);
  }

  #region(profile: IniSection): string | undefined {
    return this.#options.region ?? profile.get("region");
  }

  #stsEndpoint(profile: IniSection): string | undefined {
    return this.#options.endpointUrlSts ?? serviceEndpoint(this.#files, profile, "sts");
  }
}

/** Base URL of a service that a profile names: in its section of services, or for all of them. */
export function serviceEndpoint(
  files: SharedFiles,
  profile: IniSection,
  service: string,
): string | undefined {
  const services = files.services.get(profile.get("services") ?? "");
  return services?.get(`${service}.endpoint_url`) || profile.get("endpoint_url") || undefined;
}

/** Keys of the environment; `undefined` where there are none. @throws {ConfigurationError} for half a pair. */
export function environmentCredential({ variable }: CredentialContext): S3Credential | undefined {
  const accessKeyId = variable("AWS_ACCESS_KEY_ID");
  const secretAccessKey = variable("AWS_SECRET_ACCESS_KEY");
  if (accessKeyId === undefined && secretAccessKey === undefined) return undefined;
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { accessKeyId, secretAccessKey, sessionToken: variable("AWS_SESSION_TOKEN") };
  }
  const [given, missing] = accessKeyId === undefined
    ? ["AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"]
    : ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
  throw new ConfigurationError(`Cannot use the variable "${given}" alone: "${missing}" belongs to it`, {
    store: "S3",
    key: given,
  });
}

function staticKeys(name: string, profile: IniSection): S3Credential {
  const accessKeyId = profile.get("aws_access_key_id");
  const secretAccessKey = profile.get("aws_secret_access_key");
  if (!accessKeyId || !secretAccessKey) {
    throw refuse(name, '"aws_access_key_id" and "aws_secret_access_key" belong together');
  }
  return { accessKeyId, secretAccessKey, sessionToken: profile.get("aws_session_token") || undefined };
}

function refuse(name: string, why: string): ConfigurationError {
  return new ConfigurationError(`Cannot use the profile "${name}": ${why}`, { store: "S3", key: "profile" });
}
