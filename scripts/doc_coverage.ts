/**
 * `deno run -A scripts/doc_coverage.ts`: how many of the exported symbols, and of the members of exported classes and
 * interfaces, have a doc comment, entry point by entry point; and whether each entry point has a comment of its own
 * with an example. Fails below 90 % or where an entry point says nothing.
 */

const LEAST = 0.9;

interface Doc {
  readonly doc?: string;
  readonly tags?: readonly { readonly kind: string; readonly doc?: string }[];
}

interface Member {
  readonly name?: string;
  readonly jsDoc?: Doc;
  readonly accessibility?: string;
}

interface Declaration {
  readonly kind: string;
  readonly jsDoc?: Doc;
  readonly declarationKind: string;
  readonly location: { readonly filename: string; readonly byteIndex: number };
  readonly def?: { readonly properties?: readonly Member[]; readonly methods?: readonly Member[] };
}

interface EntryDoc {
  readonly module_doc?: Doc;
  readonly symbols: readonly { readonly name: string; readonly declarations: readonly Declaration[] }[];
}

const root = new URL("../", import.meta.url);
const { exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root))) as {
  exports: Record<string, string>;
};

/** Counts things that may have a comment; each once, however many entry points export it. */
class Count {
  readonly missing: string[] = [];
  total = 0;
  readonly #seen = new Set<string>();

  add(key: string, name: string, doc: Doc | undefined): void {
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.total++;
    if (!doc?.doc && !doc?.tags?.length) this.missing.push(name);
  }

  get share(): number {
    return this.total === 0 ? 1 : 1 - this.missing.length / this.total;
  }

  toString(): string {
    const documented = this.total - this.missing.length;
    return `${documented} of ${this.total} (${(this.share * 100).toFixed(1)} %)`;
  }
}

const symbols = new Count(), members = new Count();
let failed = 0;
for (const [name, path] of Object.entries(exports)) {
  const { module_doc: module, symbols: found } = await document(path);
  const here = new Count();
  for (const { name: symbol, declarations } of found) {
    // Overloads and merged declarations are documented once.
    const first = declarations.find(({ jsDoc }) => jsDoc !== undefined) ?? declarations[0];
    if (first === undefined || first.declarationKind === "private") continue;
    const key = `${first.location.filename}#${first.location.byteIndex}`;
    here.add(key, symbol, first.jsDoc);
    symbols.add(key, `${name} ${symbol}`, first.jsDoc);
    for (const member of [...first.def?.properties ?? [], ...first.def?.methods ?? []]) {
      if (member.accessibility === "private" || member.name === undefined) continue;
      members.add(`${key}.${member.name}`, `${name} ${symbol}.${member.name}`, member.jsDoc);
    }
  }
  const text = JSON.stringify(module ?? {});
  const problem = module?.doc === undefined ? "no module doc" : /```/.test(text) ? "" : "no example";
  if (problem !== "") failed++;
  console.log(`${name.padEnd(13)} ${String(here).padEnd(22)} ${problem}`);
}
for (const name of [...symbols.missing, ...members.missing]) console.log(`  no comment: ${name}`);
console.log(`${symbols} exported symbols are documented, ${members} of their members`);
if (symbols.share < LEAST || members.share < LEAST) failed++;
Deno.exit(failed === 0 ? 0 : 1);

async function document(path: string): Promise<EntryDoc> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", path],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout)) as { nodes: Record<string, EntryDoc> };
  return Object.values(nodes)[0]!;
}
