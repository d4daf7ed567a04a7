/** Loads and runs the guest in `GUEST` with the cache directory given, and says whether it had to be transpiled. */
import { Buffer } from "node:buffer";
import process from "node:process";
import { loadGuest } from "../../src/wasi/mod.ts";

const guest = await loadGuest(Buffer.from(process.env.GUEST!, "base64"), { cache: process.argv[2] });
const { exitCode } = await guest.run({ stdout: "pipe" });
if (exitCode !== 0) process.exit(1);
const { generatorLoaded } = await import("../../src/wasi/transpile/loader.ts");
console.log(`generator loaded: ${generatorLoaded()}`);
