/** The servers that a list talks to, started when they are asked for. */
import { join } from "node:path";
import { firstLine } from "./lines.ts";
import { type RunningS3, type S3Server, startS3 } from "../servers/s3.ts";
import { ROOT } from "./places.ts";
import { NotInstalled } from "./runtime.ts";
import type { Addresses } from "./servers.ts";

/** What there is to talk to. */
export interface Stage extends AsyncDisposable {
  /** A gateway and an origin that does everything. */
  servers(): Promise<Addresses>;
  /** Options of an `S3Store` on an empty bucket. */
  s3(server: S3Server): Promise<Readonly<Record<string, unknown>>>;
}

/** Starts nothing yet; disposing ends what was started. */
export function setStage(): Stage {
  let process: Deno.ChildProcess | undefined;
  let s3: RunningS3 | undefined;
  return {
    async servers() {
      process = new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "-A", join(ROOT, "tests", "runtimes", "servers.ts")],
        stdin: "piped",
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
      return JSON.parse(await firstLine(process.stdout)) as Addresses;
    },
    async s3(server) {
      s3 = await startS3(server);
      if (s3 === undefined) throw new NotInstalled(`${server.name} not installed`);
      return { ...await s3.bucket("conformance") };
    },
    async [Symbol.asyncDispose]() {
      await s3?.[Symbol.asyncDispose]();
      await process?.stdin.close();
      await process?.status;
    },
  };
}
