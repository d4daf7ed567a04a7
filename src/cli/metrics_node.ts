/** A small HTTP server from which Prometheus collects metrics. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { METRICS_TYPE } from "../wasi/mod.ts";
import { cannotListen, originOf } from "../wasi/serve/address.ts";

/** A metrics server that is listening. */
export interface Metrics {
  /** Such as `http://127.0.0.1:9090/metrics`. */
  readonly url: string;
  /** Ends it. */
  close(): Promise<void>;
}

/**
 * Answers `GET /metrics` with what `text` gives.
 *
 * @throws {Error} when the address cannot be listened on.
 */
export async function listenMetrics(
  hostname: string,
  port: number,
  text: () => string,
): Promise<Metrics> {
  const server = createServer((request, response) => {
    const found = request.url?.split("?")[0] === "/metrics" && request.method === "GET";
    response.writeHead(found ? 200 : 404, { "content-type": METRICS_TYPE });
    response.end(found ? text() : "");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(cannotListen(hostname, port, error)));
    server.listen(port, hostname, () => {
      server.removeAllListeners("error");
      resolve();
    });
  });
  return {
    url: `${originOf(hostname, (server.address() as AddressInfo).port)}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
