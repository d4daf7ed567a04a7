/** The host's conformance list: cases that need a guest, a file system and an HTTP server, and no test runner. */
import type { HostCase } from "./case.ts";
import { cliCases } from "./cli.ts";
import { filesystemCases } from "./filesystem.ts";
import { httpCases } from "./http.ts";
import { ioCases } from "./io.ts";
import { limitCases } from "./limits.ts";
import { outboundCases } from "./outbound.ts";
import { socketCases } from "./sockets.ts";
import { trapCases } from "./traps.ts";

export { type Env, type HostCase, withEnv } from "./case.ts";

/** All of it, by area. */
export const hostCases: Readonly<Record<string, readonly HostCase[]>> = {
  outbound: outboundCases,
  http: httpCases,
  traps: trapCases,
  io: ioCases,
  cli: cliCases,
  filesystem: filesystemCases,
  limits: limitCases,
  sockets: socketCases,
};
