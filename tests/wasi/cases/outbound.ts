/** The outbound tests of the reference: `p2_http_outbound_request_*`. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { type HostCase, plain } from "./case.ts";

const p2 = (name: string) => [`p2_http_outbound_request_${name}`];

/** The cases. */
export const outboundCases: readonly HostCase[] = [
  ...["get", "post", "large_post", "put", "invalid_port", "unknown_method", "unsupported_scheme"].map((
    name,
  ) => plain(name, p2(name))),
  ...["missing_path_and_query", "response_build", "content_length"].map((name) => plain(name, p2(name))),
  {
    name: "invalid_header: syntax, forbidden names (one of them ours), immutability",
    covers: p2("invalid_header"),
    run: (env) => env.ok(["invalid_header"], { forbiddenHeaders: ["Custom-Forbidden-Header"] }),
  },
  {
    name: "invalid_dnsname: a DNS error",
    covers: p2("invalid_dnsname"),
    async run(env) {
      const { lines } = await env.ok(["invalid_dnsname"], { net: ["*:*"] });
      assert.match(lines.join(), /DnsError|ConnectionRefused/);
    },
  },
  {
    name: "invalid_version: a server that speaks only HTTP/2",
    covers: p2("invalid_version"),
    async run(env) {
      // What such a server says to HTTP/1.1: its settings, then that it goes away (RFC 9113 section 3.4).
      const server = createServer((socket) => {
        socket.on("error", () => {});
        socket.once("data", () => {
          const settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
          const goAway = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
          socket.end(Uint8Array.from([...settings, ...goAway]));
        });
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      try {
        const { port } = server.address() as AddressInfo;
        await env.ok(["invalid_version"], { env: { HTTP_SERVER: `127.0.0.1:${port}` } });
      } finally {
        await new Promise((resolve) => server.close(resolve));
      }
    },
  },
  {
    name: "timeout: a peer that takes the connection and never answers its handshake",
    covers: p2("timeout"),
    async run(env) {
      const sockets = new Set<{ destroy(): void }>();
      const server = createServer((socket) => sockets.add(socket.on("error", () => {})));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      try {
        const { port } = server.address() as AddressInfo;
        const { lines } = await env.ok(["http_connect", `https://127.0.0.1:${port}/`, "150"]);
        assert.match(lines.join(), /ConnectionTimeout/);
      } finally {
        for (const socket of sockets) socket.destroy();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  },
];
