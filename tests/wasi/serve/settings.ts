/** The list of cases of serving in one setting, as tests. */
import "../generator.ts";
import { serveCases } from "./cases.ts";
import { type Setting, withServe } from "./env.ts";

/** Registers the cases. Each setting has a file of its own, so that they run beside each other. */
export function testServing(setting: Setting): void {
  const { isolation, listener } = setting;
  for (const { name, only = {}, run } of serveCases) {
    if ((only.isolation ?? isolation) !== isolation || (only.listener ?? listener) !== listener) continue;
    Deno.test(`serve, ${isolation}, ${listener}: ${name}`, () => withServe(setting, run));
  }
}
