/** The interfaces of `wasi:random`. The insecure ones are as good as the secure one. */
import { bytes, tuple, u64 } from "../abi/types.ts";
import { fn, type HostInterface } from "../host.ts";
import type { Instance } from "../instance.ts";

function randomBytes(instance: Instance, length: bigint): Uint8Array {
  const limit = instance.limits.randomBytes;
  if (length > BigInt(limit)) {
    throw instance.limit("random", `requested random bytes ${length} exceed the limit of ${limit}`);
  }
  return instance.capabilities.random.bytes(Number(length));
}

const getBytes = fn([u64], bytes, randomBytes);
const getU64 = fn([], u64, ({ capabilities }) => capabilities.random.u64());

/** All of `wasi:random`. */
export const randomInterfaces: readonly HostInterface[] = [
  { name: "wasi:random/random", functions: { "get-random-bytes": getBytes, "get-random-u64": getU64 } },
  {
    name: "wasi:random/insecure",
    functions: { "get-insecure-random-bytes": getBytes, "get-insecure-random-u64": getU64 },
  },
  {
    name: "wasi:random/insecure-seed",
    // The same for the whole life of an instance.
    functions: { "insecure-seed": fn([], tuple(u64, u64), ({ capabilities }) => capabilities.insecureSeed) },
  },
];
