/**
 * The files `~/.aws/config` and `~/.aws/credentials`. Source: AWS SDKs reference guide, "Shared config and credentials
 * files".
 */

/** Settings of one section: names in lower case; nested ones as `s3.addressing_style`. */
export type IniSection = ReadonlyMap<string, string>;

/**
 * Reads a file into its sections, by the text between the brackets. A section that comes twice is one; of a
 * setting that comes twice the last counts. Lines that say nothing are passed over, as the AWS tools do.
 */
export function parseIni(text: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  let parent: string | undefined;
  for (const raw of text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/)) {
    const line = raw.trim();
    if (line === "" || /^[#;]/.test(line)) continue;
    const header = /^\[([^\]]*)\]\s*(?:[#;].*)?$/.exec(line);
    if (header !== null) {
      const name = header[1]!.trim().replace(/\s+/g, " ");
      section = sections.get(name) ?? new Map<string, string>();
      sections.set(name, section);
      parent = undefined;
      continue;
    }
    const equals = line.indexOf("=");
    if (section === undefined || equals < 1) continue;
    const name = line.slice(0, equals).trim().toLowerCase();
    // A blank before a hash begins a comment; within a word it is part of the value.
    const value = line.slice(equals + 1).replace(/(?:^|\s)[#;].*$/, "").trim();
    if (/^\s/.test(raw) && parent !== undefined) {
      section.set(`${parent}.${name}`, value);
    } else {
      section.set(name, value);
      parent = value === "" ? name : undefined;
    }
  }
  return sections;
}

/** `name` of `profile name` or `profile "name"`; `undefined` for another kind of section. */
export function namedSection(section: string, kind: string): string | undefined {
  if (!section.startsWith(`${kind} `)) return undefined;
  const name = section.slice(kind.length + 1).trim();
  return /^(["']).*\1$/.test(name) ? name.slice(1, -1) : name;
}
