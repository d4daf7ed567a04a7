/**
 * Imported for its effect: loads jco's generator before any test begins. Deno leaves one operation of `registerHooks`
 * pending for the life of the process, deregistered or not, which its sanitizers would put down to the first test that
 * transpiles.
 */
import { loadGenerator } from "../../src/wasi/transpile/loader.ts";

await loadGenerator();
