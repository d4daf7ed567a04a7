/** Which provider is behind an endpoint. */
import { ConfigurationError } from "../../../store/error.ts";
import { defineProvider, GENERIC, type S3Provider } from "./provider.ts";
import { PROVIDERS } from "./provider_table.ts";

/** A provider, and the region that its host names. */
export interface FoundProvider {
  readonly provider: S3Provider;
  /** Region to use where none is configured. */
  readonly region: string;
}

/**
 * The provider of a store: by name, by a row given, or by the endpoint's host; AWS where there is no endpoint.
 *
 * @throws {ConfigurationError} for a name that is not in the table.
 */
export function findProvider(
  provider: string | S3Provider | undefined,
  endpointHost: string | undefined,
): FoundProvider {
  if (typeof provider === "object") return found(provider, endpointHost);
  if (provider !== undefined) {
    const name = provider.trim().toLowerCase();
    const row = rows().find((row) => row.name === name);
    if (row !== undefined) return found(row, endpointHost);
    throw new ConfigurationError(
      `Unknown S3 provider "${provider}": known ones are ${rows().map((row) => row.name).join(", ")}`,
      { store: "S3", key: "provider" },
    );
  }
  if (endpointHost === undefined) return found(rows().find((row) => row.name === "aws")!, undefined);
  const row = rows().find((row) => row.hosts?.some((host) => host.test(endpointHost)));
  return found(row ?? GENERIC, endpointHost);
}

function found(provider: S3Provider, host: string | undefined): FoundProvider {
  if (!provider.region.includes("{")) return { provider, region: provider.region };
  for (const pattern of provider.hosts ?? []) {
    const match = host === undefined ? null : pattern.exec(host);
    const region = match && provider.region.replace(/\{(\d)\}/, (_, group) => match[Number(group)] ?? "");
    if (region) return { provider, region };
  }
  return { provider, region: GENERIC.region };
}

let all: readonly S3Provider[] | undefined;

function rows(): readonly S3Provider[] {
  return all ??= [...PROVIDERS.map(defineProvider), GENERIC];
}

/** The names that the `provider` option takes. */
export function providerNames(): string[] {
  return rows().map((row) => row.name);
}
