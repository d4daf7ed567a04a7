/** The variables of the environment that mean something here. */
import { S3_CONFIG } from "../config.ts";
import { clientConfig, retryConfig } from "../../common/client_config.ts";
import { normalizeKey } from "../../common/config.ts";

/** Read by the credential providers, beside those of configuration keys. */
const PROVIDER_VARIABLES = [
  "HOME",
  "USERPROFILE",
  "AWS_PROFILE",
  "AWS_DEFAULT_PROFILE",
  "AWS_CONFIG_FILE",
  "AWS_SHARED_CREDENTIALS_FILE",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN",
  "AWS_EC2_METADATA_DISABLED",
  "AWS_EC2_METADATA_V1_DISABLED",
  "AWS_EC2_METADATA_SERVICE_ENDPOINT",
  "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
  "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
  "AWS_ENDPOINT_URL",
  "AWS_ENDPOINT_URL_STS",
  "AWS_ENDPOINT_URL_SSO",
  "AWS_ENDPOINT_URL_SSO_OIDC",
];

/** All of them, in upper case. */
export const KNOWN_VARIABLES: readonly string[] = [
  ...new Set([...PROVIDER_VARIABLES, ...configured()]),
];

function configured(): string[] {
  const names: string[] = [];
  for (const schema of [S3_CONFIG, clientConfig, retryConfig]) {
    for (
      const [name, field] of Object.entries(schema) as [string, { readonly aliases?: readonly string[] }][]
    ) {
      for (const key of [name, ...field.aliases ?? []]) {
        const upper = normalizeKey(key).toUpperCase();
        names.push(upper.startsWith("AWS_") ? upper : `AWS_${upper}`);
      }
    }
  }
  return names;
}
