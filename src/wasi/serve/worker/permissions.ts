/** What a worker of Deno needs for what its guest was granted. */
import type { GuestOptions } from "../../options.ts";
import type { WorkerPermissions } from "./spawn.ts";

/** Entries that name hosts which Deno's `net` permission can name too. */
const PLAIN = /^(?:https?:\/\/)?((?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?)\/?$/;

/**
 * Deno's permissions for such options: the network and the directories granted, and nothing else. Where an entry of
 * `net` names more than single hosts, the worker may use the network as the caller may, and the policy alone decides.
 */
export function workerPermissions(
  { net, sockets, preopens = [] }: Pick<GuestOptions, "net" | "sockets" | "preopens">,
): WorkerPermissions {
  const directories = preopens.map(({ host }) => host);
  const writable = preopens.filter(({ readOnly }) => !readOnly).map(({ host }) => host);
  return {
    // Names are looked up at whatever server the platform asks.
    net: sockets?.lookup ? "inherit" : both(netPermission(net), netPermission(sockets?.allow)),
    read: directories.length === 0 ? false : directories,
    write: writable.length === 0 ? false : writable,
    env: false,
    run: false,
    ffi: false,
    sys: false,
    import: false,
  };
}

type NetPermission = false | "inherit" | string[];

function both(one: NetPermission, other: NetPermission): NetPermission {
  if (one === "inherit" || other === "inherit") return "inherit";
  return one === false ? other : other === false ? one : [...one, ...other];
}

function netPermission(net: GuestOptions["net"]): NetPermission {
  if (net === undefined) return false;
  if ("checkUrl" in net) return "inherit";
  if (net.length === 0) return false;
  const hosts = net.map((entry) => PLAIN.exec(entry)?.[1]);
  return hosts.every((host) => host !== undefined) ? hosts as string[] : "inherit";
}
