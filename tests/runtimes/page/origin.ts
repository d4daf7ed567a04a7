/**
 * In place of `tests/guests/origin.ts`, which is a server, in a page: the one that the driver runs. What it saw is
 * asked for when it is looked at, and that must not take a turn: hence requests that block.
 */
import type { Origin, Seen } from "../../guests/origin.ts";

/** Forgets what was seen before; its address is the page's own. */
export function startOrigin(): Promise<Origin> {
  // Browsers keep connections, for the next case too, and cases look whether theirs are closed.
  ask("closeIdle");
  ask("reset");
  return Promise.resolve({
    address: location.host,
    get seen() {
      return ask("seen") as Seen[];
    },
    connections: () => ask("connections") as number,
    closeIdle: () => void ask("closeIdle"),
    close: () => Promise.resolve(),
  });
}

function ask(what: string): unknown {
  const request = new XMLHttpRequest();
  request.open("POST", new URL(`/origin/${what}`, import.meta.url), false);
  request.send();
  return JSON.parse(request.responseText);
}
