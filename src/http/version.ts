/** Version of this package, as in `deno.json`; part of the default `user-agent`. */
export const VERSION = "0.1.0";
