/** A port whose queue of connections is full: a new one is neither taken nor refused. */
export interface FullPort {
  readonly port: number;
  close(): void;
}

/** Listens, takes nothing, and fills the queue; gives up where the system's queue is too long to be filled. */
export async function fullPort(): Promise<FullPort | undefined> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const connections: Deno.Conn[] = [];
  const close = () => {
    for (const connection of connections) connection.close();
    listener.close();
  };
  let late = 0;
  for (let at = 0; at < 5000; at++) {
    const abort = new AbortController();
    // A connection over loopback is there at once or, when the queue is full, after a second's retry.
    const timer = setTimeout(() => abort.abort(), 250);
    try {
      connections.push(await Deno.connect({ hostname: "127.0.0.1", port, signal: abort.signal }));
      late = 0;
    } catch {
      // Once may be this machine's doing, which was busy with something else.
      if (++late === 2) return { port, close };
    } finally {
      clearTimeout(timer);
    }
  }
  close();
  return undefined;
}
