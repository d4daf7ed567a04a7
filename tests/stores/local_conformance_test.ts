import { storeCases } from "../../src/store/conformance/mod.ts";
import type { StoreFeature } from "../../src/store/conformance/mod.ts";
import { LocalStore, type LocalStoreOptions } from "../../src/stores/local/mod.ts";

const LACKS: readonly StoreFeature[] = [
  "version",
  "attributes",
  "metadata",
  "multipart-ids",
  "pages",
  "signing",
  "raw-keys",
  "list-order",
  "snapshot",
  "no-directories",
  "response",
];

const VARIANTS: readonly [name: string, options: LocalStoreOptions][] = [
  ["local", {}],
  ["local with fsync", { fsync: true }],
];

for (const [variant, options] of VARIANTS) {
  for (const { name, run } of storeCases) {
    Deno.test(`${variant}: ${name}`, async () => {
      const root = await Deno.makeTempDir();
      try {
        await run({ store: new LocalStore(root, options), lacks: LACKS, minPartSize: 2048 });
      } finally {
        await Deno.remove(root, { recursive: true });
      }
    });
  }
}
