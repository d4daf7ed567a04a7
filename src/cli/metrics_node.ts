/** A small server for collectors of metrics. */
import { createServer } from "node:http";
import { METRICS_TYPE } from "../wasi/mod.ts";

/** Answers `GET /metrics` with what `text` gives. Returns what ends it. */
export async function listenMetrics(
  hostname: string,
  port: number,
  text: () => string,
): Promise<() => Promise<void>> {
  const server = createServer((request, response) => {
    const found = request.url?.split("?")[0] === "/metrics" && request.method === "GET";
    response.writeHead(found ? 200 : 404, { "content-type": METRICS_TYPE });
    response.end(found ? text() : "");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
}
