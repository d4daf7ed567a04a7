import { storeCases, type StoreContext } from "../../src/store/conformance/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";
import {
  ChunkedStore,
  ForwardingStore,
  LimitStore,
  PrefixStore,
  ThrottledStore,
} from "../../src/wrappers/mod.ts";

class Plain extends ForwardingStore {
  override readonly name = "Plain";
}

const stores: Record<string, () => StoreContext["store"]> = {
  "prefix": () => new PrefixStore(new MemoryStore(), "some/%20prefix"),
  "root prefix": () => new PrefixStore(new MemoryStore(), "/"),
  "limit": () => new LimitStore(new MemoryStore(), 2),
  "throttle": () => new ThrottledStore(new MemoryStore(), { getPerByte: 1e-9, deletePerCall: 0.01 }),
  "chunked": () => new ChunkedStore(new MemoryStore(), 100),
  "forwarding": () => new Plain(new MemoryStore()),
  "stacked": () =>
    new PrefixStore(
      new LimitStore(new ChunkedStore(new PrefixStore(new MemoryStore(), "in"), 1000), 3),
      "a/b",
    ),
};

for (const [wrapper, open] of Object.entries(stores)) {
  for (const { name, run } of storeCases) {
    Deno.test(`${wrapper}: ${name}`, () =>
      run({ store: open(), lacks: ["version", "signing", "response"], minPartSize: 2048 }));
  }
}
