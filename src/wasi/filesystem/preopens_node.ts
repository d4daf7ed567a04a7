/** Preopened directories of the host's file system. */
import { realpathSync, statSync } from "node:fs";
import { ConfigurationError } from "../../store/error.ts";
import type { Preopen } from "../options.ts";
import type { Descriptor } from "./descriptor.ts";
import { NodeDescriptor } from "./descriptor_node.ts";

/**
 * Checks the directories; returns what makes descriptors of them, new ones at each call.
 *
 * @throws {ConfigurationError} for what is not a directory.
 */
export function openPreopens(preopens: readonly Preopen[]): () => readonly (readonly [Descriptor, string])[] {
  const checked = preopens.map((preopen) => {
    let root: string;
    try {
      // Real, so that later comparisons with what links point to hold.
      root = realpathSync(preopen.host);
      if (!statSync(root).isDirectory()) throw new TypeError("Not a directory");
    } catch (cause) {
      throw new ConfigurationError(
        `Cannot preopen "${preopen.host}" as "${preopen.guest}": it is not a directory that can be read`,
        { store: "WASI", key: "preopens", cause },
      );
    }
    return { root, guest: preopen.guest, readOnly: preopen.readOnly ?? false };
  });
  return () =>
    checked.map(({ root, guest, readOnly }) =>
      [NodeDescriptor.directory({ root, steps: [] }, readOnly, !readOnly), guest] as const
    );
}
