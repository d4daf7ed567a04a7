/** Raw sockets, where they are granted. */
import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Env, HostCase } from "./case.ts";

async function withEcho(body: (address: string) => Promise<unknown>): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on("error", () => {}));
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await body(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

const granted = (allow: readonly string[], lookup = false) => ({ sockets: { allow, lookup } });

/** The cases. */
export const socketCases: readonly HostCase[] = [
  {
    name: "tcp_echo: 2 MB there and back, with a half close",
    covers: ["p2_tcp_streams", "p2_tcp_sample_application"],
    run: (env: Env) => withEcho((address) => env.ok(["tcp_echo", address, "2000000"], granted([address]))),
  },
  {
    name: "tcp_busy_poll: a socket turns ready beside timers that always are",
    covers: ["p2_tcp_busy_poll"],
    run: (env) => withEcho((address) => env.ok(["tcp_busy_poll", address], granted([address]))),
  },
  {
    name: "tcp_connect: only to what is listed; a closed port is told as one",
    covers: ["p2_tcp_connect"],
    run: (env) =>
      withEcho(async (address) => {
        const good = await env.ok(["tcp_connect", address], granted([address]));
        assert.match(good.text, /connected/);
        const other = await env.ok(["tcp_connect", address], granted(["127.0.0.1:1"]));
        assert.match(other.text, /access-denied/);
        const closed = await env.ok(["tcp_connect", "127.0.0.1:1"], granted(["127.0.0.1:*"]));
        assert.match(closed.text, /connection-refused/);
      }),
  },
  {
    name: "tcp_listen: bind and listen",
    covers: ["p2_tcp_bind", "p2_tcp_listen"],
    async run(env) {
      let free = "";
      await withEcho((address) => Promise.resolve(free = address));
      const { lines } = await env.ok(["tcp_listen", free], granted(["127.0.0.1:*"]));
      assert.deepEqual(lines, ["Ok(())"]);
      const refused = await env.ok(["tcp_listen", free], granted(["127.0.0.1:1"]));
      assert.match(refused.text, /access-denied/);
      await withEcho(async (taken) => {
        const { text } = await env.ok(["tcp_listen", taken], granted(["127.0.0.1:*"]));
        assert.match(text, /address-in-use/);
      });
    },
  },
  {
    name: "names: looked up where that is granted, refused where not, invalid ones told",
    covers: ["p2_ip_name_lookup"],
    async run(env) {
      const { text } = await env.ok(["resolve", "localhost", "127.0.0.1", "[::1]"], granted([], true));
      assert.match(text, /localhost Ok\(\[IpAddress/);
      assert.match(text, /127, 0, 0, 1/);
      const without = await env.ok(["resolve", "localhost"], granted(["127.0.0.1:*"]));
      assert.match(without.text, /permanent-resolver-failure/);
      await env.ok(["resolve_invalid"], granted([], true));
    },
  },
];
