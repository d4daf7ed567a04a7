/** `wasi:config/store`: settings by name, as strings. */
import { list, option, result, string, tuple, variant } from "../abi/types.ts";
import { fn, type HostInterface } from "../host.ts";

/** `wasi:config/store.error`; never made: the values are at hand. */
const configError = variant({ upstream: string, io: string });

/** All of `wasi:config`. */
export const configInterfaces: readonly HostInterface[] = [
  {
    name: "wasi:config/store",
    // Not released yet: these have the same shape.
    versions: ["0.2.0-draft", "0.2.0-rc.1"],
    functions: {
      "get": fn(
        [string],
        result(option(string), configError),
        ({ capabilities }, key) => capabilities.config.get(key),
      ),
      "get-all": fn(
        [],
        result(list(tuple(string, string)), configError),
        ({ capabilities }) => [...capabilities.config],
      ),
    },
  },
];
