/** {@linkcode S3Store} as the environment and the profile have it. */
import type { HttpConnector } from "../../http/connector.ts";
import type { Environment } from "./credentials/host.ts";
import type { S3Store } from "./store.ts";

/**
 * Makes a store from the environment: variables `AWS_…` for every configuration key (`AWS_REGION`, `AWS_ENDPOINT_URL`,
 * `AWS_BUCKET`, …), settings of the profile (`region`, `endpoint_url`, …), and credentials as `defaultCredentials`
 * finds them. `config` takes precedence over variables, and these over the profile.
 *
 * @param config Options as values or text, as `s3StoreFromConfig` takes them.
 * @param env The environment. Default: that of the process.
 * @throws {ConfigurationError} for a value that does not parse, or no bucket.
 * @throws {NotSupportedError} in a browser.
 * @throws {PermissionDeniedError} where Deno may not read the environment.
 *
 * @example
 * ```ts ignore
 * import { s3StoreFromEnv } from "@storeport/storeport/s3";
 *
 * const store = await s3StoreFromEnv({ bucket: "data" });
 * for await (const { location } of store.list()) console.log(location);
 * ```
 */
export async function s3StoreFromEnv(
  config: Readonly<Record<string, unknown>> = {},
  connector?: HttpConnector,
  env?: Environment,
): Promise<S3Store> {
  // Loaded here: most pages have no environment.
  const { storeFromEnvironment } = await import("./environment_settings.ts");
  return await storeFromEnvironment(config, connector, env);
}
