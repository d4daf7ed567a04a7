/** Putting together options, the environment and the profile. */
import type { HttpConnector } from "../../http/connector.ts";
import type { ClientOptions } from "../../http/options.ts";
import type { RetryOptions } from "../../http/retry/options.ts";
import { ConfigurationError, PermissionDeniedError } from "../../store/error.ts";
import { environmentConfig, readConfig } from "../common/config.ts";
import { STORE } from "./client.ts";
import { S3_CONFIG, S3_PREFIXES } from "./config.ts";
import type { Environment } from "./credentials/host.ts";
import { type CredentialContext, openContext } from "./credentials/context.ts";
import { fetchFromChain } from "./credentials/chain.ts";
import { cachedCredentials } from "./credentials/cached.ts";
import type { S3CredentialProvider } from "./credentials/provider.ts";
import type { IniSection } from "./credentials/ini.ts";
import { profileName, serviceEndpoint } from "./credentials/profile.ts";
import { readSharedFiles, requireProfile } from "./credentials/shared_files.ts";
import type { S3StoreOptions } from "./options.ts";
import { S3Store } from "./store.ts";

type Settings = Partial<S3StoreOptions>;

/** See `s3StoreFromEnv`. */
export async function storeFromEnvironment(
  config: Readonly<Record<string, unknown>>,
  connector: HttpConnector | undefined,
  env: Environment | undefined,
): Promise<S3Store> {
  const { credentials, provider, ...rest } = config;
  // A row of the provider table is no text.
  const text = typeof provider === "object" ? rest : { ...rest, provider };
  const given = readConfig(text, S3_CONFIG, { store: STORE, prefixes: S3_PREFIXES });
  const context = await openContext("read the environment", { env });
  const environment = env ?? context.host.environment();
  const found = readConfig(environmentConfig(environment, S3_PREFIXES), S3_CONFIG, {
    store: STORE,
    prefixes: S3_PREFIXES,
    unknown: "ignore",
  });
  const own = given.store as Settings;
  const fromEnv = withoutOverruled(found.store as Settings, own, context);
  const settings: Settings = { ...await profileSettings(context, own, fromEnv), ...fromEnv, ...own };
  const client = mergeClients(found.client, given.client);
  const { bucket } = settings;
  if (bucket === undefined || bucket === "") {
    throw new ConfigurationError('Cannot open an S3 store: "bucket" is missing', {
      store: STORE,
      key: "bucket",
    });
  }
  const options: S3StoreOptions = { ...settings, bucket, connector, client };
  const { accessKeyId, secretAccessKey, skipSignature } = options;
  return new S3Store({
    ...options,
    ...(typeof provider === "object" ? { provider: provider as S3StoreOptions["provider"] } : {}),
    ...(credentials !== undefined
      ? { credentials: credentials as S3StoreOptions["credentials"] }
      : accessKeyId || secretAccessKey || skipSignature
      ? {}
      : { credentials: chained(options, env) }),
  });
}

/** As `defaultCredentials`. */
function chained(options: S3StoreOptions, env: Environment | undefined): S3CredentialProvider {
  return cachedCredentials(async () => {
    const { connector, client } = options;
    const context = await openContext("look for credentials", { connector, client, env });
    return await fetchFromChain(context, options);
  });
}

/** What the environment says, without what makes no sense beside the options given. */
function withoutOverruled(found: Settings, own: Settings, context: CredentialContext): Settings {
  const kept: Record<string, unknown> = { ...found };
  const drop = (...keys: (keyof Settings)[]) => keys.forEach((key) => delete kept[key]);
  // Keys come as a set; and a profile that was asked for is not to lose against keys that happen to be there.
  if (own.accessKeyId !== undefined || own.secretAccessKey !== undefined || own.profile !== undefined) {
    drop("accessKeyId", "secretAccessKey", "sessionToken");
  }
  if (own.accessKeyId !== undefined || own.profile !== undefined) drop("skipSignature");
  // An endpoint given is meant for S3, whatever the environment has for S3 alone.
  if (own.endpoint !== undefined || own.endpointUrlS3 !== undefined) drop("endpoint", "endpointUrlS3");
  if (isTrue(context.variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"))) {
    if (context.variable("AWS_ENDPOINT") === undefined) drop("endpoint");
    drop("endpointUrlS3", "endpointUrlSts");
  }
  return kept as Settings;
}

/** What the profile says of the store. Files that may not be read say nothing, unless a profile was named. */
async function profileSettings(
  context: CredentialContext,
  own: Settings,
  fromEnv: Settings,
): Promise<Settings> {
  const named = own.profile ?? fromEnv.profile;
  const name = profileName(context, { profile: own.profile });
  let profile: IniSection | undefined;
  let endpoint: string | undefined;
  try {
    const files = await readSharedFiles(context);
    profile = named ? requireProfile(files, name) : files.profiles.get(name);
    if (profile !== undefined) endpoint = serviceEndpoint(files, profile, "s3");
  } catch (error) {
    if (error instanceof PermissionDeniedError && !named) return {};
    throw error;
  }
  if (profile === undefined) return {};
  const settings: Record<string, unknown> = { region: profile.get("region") || undefined };
  const ignored = isTrue(context.variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")) ||
    isTrue(profile.get("ignore_configured_endpoint_urls"));
  const others = [own.endpoint, own.endpointUrlS3, fromEnv.endpoint, fromEnv.endpointUrlS3];
  if (!ignored && others.every((other) => other === undefined)) settings.endpoint = endpoint;
  // Asking for them beside an endpoint of one's own is refused, so a profile's wish does not reach one.
  if ([settings.endpoint, ...others].every((other) => other === undefined || other === "")) {
    settings.dualStack = isTrue(profile.get("use_dualstack_endpoint")) || undefined;
    settings.fips = isTrue(profile.get("use_fips_endpoint")) || undefined;
    settings.accelerate = isTrue(profile.get("s3.use_accelerate_endpoint")) || undefined;
  }
  const style = profile.get("s3.addressing_style");
  if (style === "path") settings.virtualHostedStyleRequest = false;
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Settings;
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && /^(?:true|1|yes|on)$/i.test(text.trim());
}

function mergeClients(under: ClientOptions, over: ClientOptions): ClientOptions {
  const merged = { ...under, ...over };
  if (over.retry === false || under.retry === undefined || under.retry === false) return merged;
  return { ...merged, retry: { ...under.retry, ...over.retry as RetryOptions | undefined } };
}
