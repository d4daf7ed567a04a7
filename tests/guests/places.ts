import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { GuestDirectory, Places } from "./cases.ts";
import { type Origin, startOrigin } from "./origin.ts";
import { fullPort } from "./places_deno.ts";

/** Everything that a run of the list needs beside the host. */
export interface Stage extends Places {
  readonly origin: Origin;
  /** Makes the directories of a case; resolves to their paths on this machine. */
  directories(wanted: readonly GuestDirectory[]): Promise<string[]>;
  close(): Promise<void>;
}

/** Starts the servers and makes a folder for the files. */
export async function setStage(): Promise<Stage> {
  const [origin, folder] = await Promise.all([startOrigin(), mkdtemp(join(tmpdir(), "storeport-guests-"))]);
  const echo = createServer((socket) => void socket.on("error", () => {}).pipe(socket));
  const http2 = createHttp2Server();
  const sessions = new Set<ServerHttp2Session>();
  http2.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session)).on("error", () => {});
  });
  http2.on("sessionError", () => {});
  const [echoPort, http2Port, closedPort, full] = await Promise.all([
    listen(echo),
    listen(http2),
    closed(),
    fullPort(),
  ]);
  const secret = join(folder, "secret.txt");
  await writeFile(secret, "secret");
  let made = 0;
  return {
    origin,
    url: `http://${origin.address}`,
    echo: `127.0.0.1:${echoPort}`,
    closed: `http://127.0.0.1:${closedPort}`,
    full: full && `http://127.0.0.1:${full.port}`,
    http2: `127.0.0.1:${http2Port}`,
    secret,
    directories: (wanted) =>
      Promise.all(wanted.map((directory) => make(join(folder, `${made++}`, "inside"), directory, secret))),
    async close() {
      for (const session of sessions) session.destroy();
      full?.close();
      await Promise.all([origin.close(), end(echo), end(http2)]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function make(path: string, { files = {} }: GuestDirectory, secret: string): Promise<string> {
  await mkdir(path, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    const file = join(path, name);
    await mkdir(name.endsWith("/") ? file : dirname(file), { recursive: true });
    if (name.endsWith("/")) continue;
    if (typeof content === "string") await writeFile(file, content);
    else await symlink(content.link === "SECRET" ? secret : content.link, file);
  }
  return path;
}

const open = new WeakMap<object, Set<Socket>>();

interface Listener {
  listen(port: number, host: string, done: () => void): unknown;
  address(): AddressInfo | string | null;
  close(done: () => void): unknown;
  on(event: "connection", listener: (socket: Socket) => void): unknown;
}

function listen(server: Listener): Promise<number> {
  const sockets = new Set<Socket>();
  open.set(server, sockets);
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port))
  );
}

function end(server: Listener): Promise<void> {
  for (const socket of open.get(server) ?? []) socket.destroy();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** A port that was free a moment ago. */
async function closed(): Promise<number> {
  const server: Server = createServer();
  const port = await listen(server);
  await end(server);
  return port;
}
