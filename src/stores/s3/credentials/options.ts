/** Options of the credential providers. */
import type { ConnectionOptions } from "../../common/connection.ts";
import type { CachedCredentialsOptions } from "./cached.ts";
import type { Environment } from "./host.ts";

/** Options of all providers that fetch credentials: what carries the requests, and when credentials are renewed. */
export interface ProviderOptions extends ConnectionOptions, CachedCredentialsOptions {
  /** The environment to read. Default: that of the process. */
  readonly env?: Environment;
}

/** Options of `assumeRoleCredentials` and `webIdentityCredentials` that both have. */
export interface RoleOptions extends ProviderOptions {
  /** ARN of the role. */
  readonly roleArn: string;
  /**
   * Name of the session, shown in logs of the account. Default `storeport-<time>`; for web identities
   * `WebIdentitySession`.
   */
  readonly roleSessionName?: string;
  /** Life of the credentials in seconds, 900 to 43,200. Default 3,600. */
  readonly durationSeconds?: number;
  /** Region of the security token service. Default that of the environment, else `us-east-1`. */
  readonly region?: string;
  /** Base URL of the security token service. Default `https://sts.<region>.amazonaws.com`. */
  readonly endpointUrlSts?: string;
  /** A further policy that narrows what the role may do, as JSON. */
  readonly policy?: string;
}

/** Options of `webIdentityCredentials`. */
export interface WebIdentityOptions extends RoleOptions {
  /** File of the token; read anew for each renewal. */
  readonly webIdentityTokenFile?: string;
  /** The token, or a function that gets one, instead of a file. */
  readonly webIdentityToken?: string | (() => Promise<string>);
}

/** Options of `containerCredentials`. Default of each: the variable of the environment named alike. */
export interface ContainerOptions extends ProviderOptions {
  /** Path below `http://169.254.170.2`, as ECS tasks use it. */
  readonly containerCredentialsRelativeUri?: string;
  /** The whole URL: `https:`, or a host of this machine or of the container service. */
  readonly containerCredentialsFullUri?: string;
  /** File with the value of the `authorization` header; read again for each renewal. */
  readonly containerAuthorizationTokenFile?: string;
}

/** Options of `instanceMetadataCredentials`. */
export interface InstanceMetadataOptions extends ProviderOptions {
  /** Base URL of the service. Default `http://169.254.169.254`. */
  readonly metadataEndpoint?: string;
  /** Use version 1 of the service where version 2 is refused. Default false. */
  readonly imdsv1Fallback?: boolean;
}

/** Options of `profileCredentials`. */
export interface ProfileOptions extends ProviderOptions, Pick<InstanceMetadataOptions, "metadataEndpoint"> {
  /** Name of the profile. Default: `AWS_PROFILE`, else `default`. */
  readonly profile?: string;
  /** Region for profiles that name none. */
  readonly region?: string;
  /** Base URL of the security token service. */
  readonly endpointUrlSts?: string;
  /** Called for the code of a multi-factor device, for profiles with `mfa_serial`. Without it these are refused. */
  readonly mfaCode?: (serial: string) => Promise<string>;
}

/** Options of `defaultCredentials`: of each link of the chain. */
export interface DefaultCredentialsOptions
  extends ProfileOptions, ContainerOptions, Omit<InstanceMetadataOptions, "env"> {
  /** File of a web identity token. Default: the variable. */
  readonly webIdentityTokenFile?: string;
  /** ARN of the role that the token is for. Default: the variable. */
  readonly roleArn?: string;
  /** Name of its session. Default: the variable. */
  readonly roleSessionName?: string;
}
