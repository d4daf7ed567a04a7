/** A TCP proxy on 127.0.0.1 that breaks connections, for clients that must live with it. */

/** What happens to a connection. Counts are of bytes since it began. */
export type TcpFault =
  /** The request breaks off: what holds its n-th byte and all after it never arrives. */
  | { readonly kind: "cut-request"; readonly after: number }
  /** The answer breaks off after n bytes; 0: it is lost. */
  | { readonly kind: "cut-answer"; readonly after: number }
  /** The answer stops after n bytes, and the connection stays open until the client leaves. */
  | { readonly kind: "stall"; readonly after: number };

/** A proxy that runs. */
export interface FaultyProxy extends AsyncDisposable {
  /** Its base URL. */
  readonly url: string;
  /** Faults that struck. */
  readonly struck: Record<TcpFault["kind"], number>;
}

/** Starts a proxy before `target`. `fault` is asked once a connection. */
export function startFaultyProxy(target: string, fault: () => TcpFault | undefined): FaultyProxy {
  const { hostname, port } = new URL(target);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const struck = { "cut-request": 0, "cut-answer": 0, stall: 0 };
  const open = new Set<Deno.TcpConn>();
  const running = new Set<Promise<void>>();

  const serve = async (client: Deno.TcpConn) => {
    const server = await Deno.connect({ hostname, port: Number(port) });
    const planned = fault();
    const end = () => {
      for (const end of [client, server]) if (open.delete(end)) end.close();
    };
    open.add(client).add(server);
    const requests = pump(client, server, planned?.kind === "cut-request" ? planned.after : Infinity, 0);
    const answers = pump(
      server,
      client,
      planned === undefined || planned.kind === "cut-request" ? Infinity : planned.after,
      planned !== undefined && planned.kind !== "cut-request" ? planned.after : 0,
    );
    void requests.then((cut) => {
      if (cut) struck["cut-request"]++;
      // A client that has left gets nothing more, and what it sent last must not arrive late.
      end();
    });
    if (await answers) {
      struck[planned!.kind]++;
      if (planned!.kind === "stall") await requests;
    }
    end();
    await requests;
  };
  const accepting = (async () => {
    for await (const client of listener) {
      const served: Promise<void> = serve(client).catch(() => client.close()).finally(() =>
        running.delete(served)
      );
      running.add(served);
    }
  })();
  return {
    url: `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`,
    struck,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      for (const end of open) end.close();
      open.clear();
      await Promise.all(running);
    },
  };
}

/** Copies until an end; `true` where `limit` bytes were reached, of which at most `keep` were handed on. */
async function pump(from: Deno.TcpConn, to: Deno.TcpConn, limit: number, keep: number): Promise<boolean> {
  const buffer = new Uint8Array(64 * 1024);
  let total = 0;
  try {
    for (;;) {
      const length = await from.read(buffer);
      if (length === null) return false;
      const cut = total + length > limit;
      await write(to, buffer.subarray(0, cut ? Math.max(0, keep - total) : length));
      if (cut) return true;
      total += length;
    }
  } catch {
    // The other end is gone.
    return false;
  }
}

async function write(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}
