/** Real S3 servers, installed by `scripts/install_servers.sh`. */
import { fileURLToPath } from "node:url";
import { signRequest } from "../../src/stores/s3/signing/sigv4.ts";
import type { StoreFeature } from "../../src/store/conformance/mod.ts";
import type { S3StoreOptions } from "../../src/stores/s3/mod.ts";
import { freePort, type RunningServer, type ServerSpec, startServer } from "./process.ts";

/** Keys that every server is started with. */
export const S3_KEYS = { accessKeyId: "storeport-test", secretAccessKey: "storeport-secret" };

/** A server that can be started. */
export interface S3Server {
  /** As in the provider table. */
  readonly name: string;
  /** What it is. */
  readonly about: string;
  /** What it lacks, of the store contract: the suite then checks that it is refused. */
  readonly lacks: readonly StoreFeature[];
  /** What it does instead. */
  readonly why: Readonly<Partial<Record<StoreFeature, string>>>;
  /**
   * Cases of the suite, and steps beside it, that it cannot pass; `shortfalls_test.ts` looks whether that is still so.
   */
  readonly fails: Readonly<Record<string, Shortfall>>;
  readonly spec: ServerSpec;
}

/** Why a server fails: always, or only at times. */
export type Shortfall = string | { readonly sometimes: string };

/** A server that runs. */
export interface RunningS3 extends RunningServer {
  /** Makes a bucket and returns the options of a store on it. */
  bucket(name: string, options?: { readonly versioning?: boolean }): Promise<S3StoreOptions>;
}

/** Servers that are not tested, with the reason. */
export const UNTESTED: Readonly<Record<string, string>> = {
  s3rver: "it mixes the bytes of puts at the same time, and takes keys apart",
};

const UNDERSCORES = "it makes dashes of underscores in the names of metadata";

/** Every server, with what it lacks by name. */
export const S3_SERVERS: readonly S3Server[] = [
  {
    name: "moto",
    about: "AWS's services in Python, for tests; from PyPI",
    lacks: [],
    why: {},
    fails: {
      "five writers that compare and swap lose no increment": {
        sometimes:
          "it looks at the condition and writes in two steps: of 16 puts at once under the same `If-Match`, " +
          "sent once each by a bare client, two were answered with 200 in one of 100 rounds on a busy machine",
      },
      "wrong keys are refused": "it checks none",
      "a signed URL is good for what was signed alone": "it checks no signatures",
      "a stream that is changed on the way is refused": "it checks no signatures and no checksums",
      "a form is posted by curl, and is good for what its policy says": "it checks no policies",
      "an upload is taken up where it stopped": "its list of parts is a document of another name",
      "uploads that were forgotten are found and swept away": "it makes up when an upload began",
    },
    spec: {
      program: "moto_server",
      configure: (_home, _root, port) => Promise.resolve(["-H", "127.0.0.1", "-p", `${port}`]),
    },
  },
  {
    name: "versitygw",
    about: "a gateway to files, in Go",
    lacks: ["raw-keys"],
    why: { "raw-keys": "`a//b` becomes `a/b`" },
    fails: {
      "ifUnmodifiedSince passes for the same instant and later ones":
        "it compares fractions of seconds, which HTTP has not",
      "ifModifiedSince fails for the same instant": "it compares fractions of seconds, which HTTP has not",
      "an object may have the name of a prefix": "it keeps objects as files, and a file is no directory",
      "a form uploads a file":
        "it does not fill in `${filename}`, and answers forms that end without a line break, as Deno sends them, with an internal error",
    },
    spec: {
      program: "versitygw",
      env: { ROOT_ACCESS_KEY: S3_KEYS.accessKeyId, ROOT_SECRET_KEY: S3_KEYS.secretAccessKey },
      configure: async (home, root, port) => {
        await Deno.mkdir(`${home}/versions`, { recursive: true });
        return [
          "--port",
          `127.0.0.1:${port}`,
          "--quiet",
          "posix",
          "--versioning-dir",
          `${home}/versions`,
          root,
        ];
      },
    },
  },
  {
    name: "minio",
    about: "an object store in Go, with one disk",
    lacks: ["conditional-delete", "raw-keys"],
    why: { "conditional-delete": "it deletes all the same", "raw-keys": "it refuses `a//b`" },
    fails: {
      "an object may have the name of a prefix": "with one disk it does not list what is below an object",
      "uploads that were forgotten are found and swept away":
        "it lists the uploads of one key only, and sweeps by itself",
    },
    spec: {
      program: "minio",
      env: {
        MINIO_ROOT_USER: S3_KEYS.accessKeyId,
        MINIO_ROOT_PASSWORD: S3_KEYS.secretAccessKey,
        MINIO_BROWSER: "off",
        MINIO_UPDATE: "off",
      },
      configure: (_home, root, port) =>
        Promise.resolve(["server", "--quiet", "--address", `127.0.0.1:${port}`, root]),
    },
  },
  {
    name: "ceph",
    about: "Ceph's radosgw 16, in C++, with its data in memory; from Debian",
    lacks: ["conditional-delete", "conditional-copy", "multipart-mode"],
    why: {
      "conditional-delete": "it deletes all the same",
      "conditional-copy": "it copies all the same",
      "multipart-mode": "it completes uploads whatever the condition",
    },
    fails: {
      "put keeps user metadata": UNDERSCORES,
      "an upload in parts keeps user metadata": UNDERSCORES,
      "a writer keeps user metadata, small or large": UNDERSCORES,
      "a copy keeps user metadata": UNDERSCORES,
      "a large copy goes in parts, and takes everything along": "it forgets the tags of uploads in parts",
      "streams are taken in chunks, signed, or with a checksum after them":
        "it wants the length of all chunks declared, and knows no checksums",
    },
    spec: {
      program: "sh",
      needs: ["/usr/bin/radosgw", "/usr/bin/ceph-mon", "/usr/bin/ceph-osd"],
      patience: 60,
      configure: (home, _root, port) =>
        Promise.resolve([
          fileURLToPath(new URL("./radosgw.sh", import.meta.url)),
          `${home}/ceph`,
          `${port}`,
          `${freePort()}`,
          S3_KEYS.accessKeyId,
          S3_KEYS.secretAccessKey,
        ]),
    },
  },
];

/** Starts a server; `undefined` where it is not installed. */
export async function startS3(server: S3Server): Promise<RunningS3 | undefined> {
  const running = await startServer(server.spec);
  if (running === undefined) return undefined;
  const endpoint = running.url.replace(/\/$/, "");
  const keys = S3_KEYS;
  const send = async (method: string, path: string, body = "") => {
    const bytes = new TextEncoder().encode(body);
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    const headers = signRequest({ method, url: endpoint + path, headers: [] }, {
      credential: keys,
      date: new Date(),
      region: "us-east-1",
      service: "s3",
      payloadHash: hash,
    });
    for (let wait = 0;; wait++) {
      const response = await fetch(endpoint + path, {
        method,
        headers: headers as [string, string][],
        body: bytes,
      });
      const text = await response.text();
      if (response.ok) return;
      // A server answers before it is ready.
      if (response.status !== 503 || wait > 100) {
        throw new Error(`${method} ${path}: ${response.status} ${text}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  return {
    ...running,
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
    async bucket(name, options = {}) {
      await send("PUT", `/${name}`);
      if (options.versioning) {
        await send(
          "PUT",
          `/${name}?versioning`,
          '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>',
        );
      }
      return { bucket: name, endpoint, region: "us-east-1", provider: server.name, ...keys };
    },
  };
}
