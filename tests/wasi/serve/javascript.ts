/** The list of cases of JavaScript guests in one setting, as tests. */
import { access } from "node:fs/promises";
import "../generator.ts";
import { javascriptCases } from "./cases_javascript.ts";
import { type Setting, withServe } from "./env.ts";

/** Registers the cases; those of guests that are not built say so. */
export function testJavaScript(setting: Setting): void {
  const { isolation, listener } = setting;
  for (const { guest, name, only = {}, run } of javascriptCases) {
    if ((only.isolation ?? isolation) !== isolation) continue;
    Deno.test(`serve ${guest}, ${isolation}, ${listener}: ${name}`, async () => {
      const path = `build/${guest}.wasm`;
      try {
        await access(new URL(`../../guests/${path}`, import.meta.url));
      } catch {
        return console.log(`SKIPPED: guest ${guest} not installed (deno task guests --on-demand)`);
      }
      await withServe(setting, ({ serve }) => run({ serve: (options) => serve(options, path) }));
    });
  }
}
