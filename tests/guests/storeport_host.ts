import type { HttpConnector } from "../../src/http/connector.ts";
import { allowAll } from "../../src/http/policy/policy.ts";
import { type Guest, GuestTrapError, loadGuest } from "../../src/wasi/mod.ts";
import { argsOf, envOf, guestOf, type Host } from "./hosts.ts";

const loaded = new Map<string, Promise<Guest>>();

/** Loads a guest once for all runs. */
function load(path: string): Promise<Guest> {
  let guest = loaded.get(path);
  if (guest === undefined) loaded.set(path, guest = loadGuest(path, { name: path.split("/").pop() }));
  return guest;
}

/** Our host, over a connector or the platform's own. The network is open: what is denied is tested elsewhere. */
export function storeportHost(connector?: HttpConnector): Host {
  return async (check, stage) => {
    const guest = await load(guestOf(check));
    const dirs = await stage.directories(check.dirs ?? []);
    const preopens = dirs.map((host, at) => ({ host, ...check.dirs![at]! }));
    const sockets = check.grants?.includes("sockets");
    const stdout = new Collector(), stderr = new Collector();
    try {
      const { exitCode } = await guest.run({
        args: argsOf(check, stage),
        env: envOf(check, stage),
        stdin: check.stdin ?? "",
        stdout: stdout.stream,
        stderr: stderr.stream,
        net: allowAll,
        ...sockets && { sockets: { allow: allowAll, lookup: check.grants?.includes("names") ?? false } },
        preopens,
        ...connector && { connector },
      });
      return { end: exitCode, stdout: stdout.text, stderr: stderr.text };
    } catch (error) {
      if (!(error instanceof GuestTrapError)) throw error;
      return { end: "trap", stdout: stdout.text, stderr: `${stderr.text}\n${error.message}` };
    }
  };
}

/** What a guest wrote, kept also when it traps. */
class Collector {
  #chunks: Uint8Array[] = [];
  readonly stream: WritableStream<Uint8Array> = new WritableStream({
    write: (chunk) => void this.#chunks.push(chunk.slice()),
  });

  get text(): string {
    const decoder = new TextDecoder();
    return this.#chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
  }
}
