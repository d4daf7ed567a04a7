/** Profiles of the shared configuration files. */
import { ConfigurationError } from "../../../store/error.ts";
import type { CredentialContext } from "./context.ts";
import { type IniSection, namedSection, parseIni } from "./ini.ts";

/** What the two files hold together. */
export interface SharedFiles {
  /** By name; settings of the credentials file win over those of the configuration file. */
  readonly profiles: ReadonlyMap<string, IniSection>;
  readonly ssoSessions: ReadonlyMap<string, IniSection>;
  readonly services: ReadonlyMap<string, IniSection>;
  /** Where they were looked for. */
  readonly places: readonly string[];
}

/** Reads both files; what is not there is empty. `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE` name others. */
export async function readSharedFiles({ host, place, variable }: CredentialContext): Promise<SharedFiles> {
  const config = place(variable("AWS_CONFIG_FILE") ?? "~/.aws/config");
  const credentials = place(variable("AWS_SHARED_CREDENTIALS_FILE") ?? "~/.aws/credentials");
  const profiles = new Map<string, Map<string, string>>();
  const ssoSessions = new Map<string, Map<string, string>>();
  const services = new Map<string, Map<string, string>>();
  const sections = [...parseIni(await host.readFile(config) ?? "")];
  // `[profile default]` wins over `[default]`, so it is added after it.
  const add = (name: string, section: IniSection) => {
    profiles.set(name, new Map([...profiles.get(name) ?? [], ...section]));
  };
  for (const [name, section] of sections) if (name === "default") add(name, section);
  for (const [name, section] of sections) {
    const profile = namedSection(name, "profile");
    const session = namedSection(name, "sso-session");
    const service = namedSection(name, "services");
    if (profile !== undefined) add(profile, section);
    if (session !== undefined) ssoSessions.set(session, section);
    if (service !== undefined) services.set(service, section);
  }
  for (const [name, section] of parseIni(await host.readFile(credentials) ?? "")) {
    add(/^(["']).*\1$/.test(name) ? name.slice(1, -1) : name, section);
  }
  return { profiles, ssoSessions, services, places: [config, credentials] };
}

/**
 * A profile that must exist.
 *
 * @throws {ConfigurationError} if it does not.
 */
export function requireProfile(files: SharedFiles, name: string): IniSection {
  const profile = files.profiles.get(name);
  if (profile !== undefined) return profile;
  const known = [...files.profiles.keys()];
  throw new ConfigurationError(
    `Cannot find the profile "${name}" in ${files.places.map((path) => `"${path}"`).join(" or ")}: ${
      known.length === 0
        ? "neither file has any profile"
        : `known profiles are ${known.map((one) => `"${one}"`).join(", ")}`
    }`,
    { store: "S3", key: "profile" },
  );
}
