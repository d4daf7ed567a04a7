#!/usr/bin/env -S deno run -A
/**
 * The `storeport` command: `deno run -A src/cli/main.ts --help`. Importing this file runs it; programs that want its
 * parts import the stores instead.
 *
 * @module
 */
import { setMaxListeners } from "node:events";
import process from "node:process";
import { runCli } from "./cli.ts";
import { processRuntime } from "./runtime_node.ts";

// Every transfer under way listens to the one signal that an interrupt aborts; Node would warn of a leak.
setMaxListeners(0);

// Leaving at once: an unread standard input, or a connection kept for later, would hold the process.
process.exit(await runCli(processRuntime()));
