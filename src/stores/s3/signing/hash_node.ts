/**
 * The platform's own SHA-256, where there is one that is not a promise: Node, Deno and Bun. It is asked for by a
 * global, so a bundle for browsers meets nothing of it but the question.
 *
 * Measured for 1 KiB: 0.8 µs on Node and 1.7 µs on Deno, against 5.5 µs in JavaScript.
 */

/** SHA-256 of bytes or of a text's UTF-8, in hex. */
export type HashHex = (data: string | Uint8Array) => string;

interface NodeCrypto {
  readonly hash?: (algorithm: string, data: string | Uint8Array, encoding: "hex") => string;
}

/** The platform's SHA-256; `undefined` where there is none. */
export function platformSha256(): HashHex | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (name: string) => NodeCrypto | undefined };
  };
  try {
    const hash = process?.getBuiltinModule?.("node:crypto")?.hash;
    if (hash === undefined) return undefined;
    // Once, so that one which is there and does not work is not found out by the first signature.
    hash("sha256", "", "hex");
    return (data) => hash("sha256", data, "hex");
  } catch {
    return undefined;
  }
}
