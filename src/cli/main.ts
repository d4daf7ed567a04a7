#!/usr/bin/env -S deno run -A
/**
 * The `storeport` command. Importing this file runs it; programs that want its parts import the stores instead.
 *
 * @example
 * ```sh
 * deno run -A jsr:@storeport/storeport/cli ls -l .
 * npx @storeport/storeport gateway . --addr 127.0.0.1:8080 --read-only
 * ```
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
