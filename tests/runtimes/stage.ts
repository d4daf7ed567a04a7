/** The servers that lists talk to: a gateway, and an origin that does everything. */
import { createServer } from "node:net";
import { serveGateway } from "../../src/gateway/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";
import { startOrigin } from "../../src/testing/origin_node.ts";
import { type RunningS3, S3_SERVERS, type S3Server, startS3 } from "../servers/s3.ts";
import { NotInstalled } from "./runtime.ts";

/** Where they are. */
export interface Stage extends AsyncDisposable {
  /** A gateway over an empty store; scripts of any origin may use it. */
  readonly gateway: string;
  /** The test origin, without a slash at the end. */
  readonly origin: string;
  /** Nothing listens here. */
  readonly refused: string;
  /** Options of an `S3Store` on an empty bucket of {@linkcode S3_SERVER}, which is started now. */
  s3(): Promise<Readonly<Record<string, unknown>>>;
}

/** The S3 server: the fastest of those that pass the whole list. */
export const S3_SERVER: S3Server = S3_SERVERS.find(({ name }) => name === "versitygw")!;

/** Starts them. */
export async function setStage(): Promise<Stage> {
  const gateway = await serveGateway({ store: new MemoryStore(), cors: { origins: "*" } });
  const origin = await startOrigin();
  let s3: RunningS3 | undefined;
  return {
    gateway: `${gateway.url}/`,
    origin: origin.url,
    refused: `http://127.0.0.1:${await freePort()}/`,
    async s3() {
      s3 = await startS3(S3_SERVER);
      if (s3 === undefined) throw new NotInstalled(`${S3_SERVER.name} not installed`);
      return { ...await s3.bucket("conformance") };
    },
    async [Symbol.asyncDispose]() {
      await s3?.[Symbol.asyncDispose]();
      await Promise.all([gateway.shutdown(0), origin.close()]);
    },
  };
}

/** A port of 127.0.0.1 that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
