/** A guest on Rust's `object_store`, on our host, against real S3 servers. */
import { deepEqual, equal, fail, match, ok } from "node:assert/strict";
import { S3Store } from "../../src/stores/s3/mod.ts";
import { GuestTrapError, loadGuest } from "../../src/wasi/mod.ts";
import { S3_KEYS, S3_SERVERS, startS3 } from "../servers/s3.ts";
import { guestPath } from "./hosts.ts";
import "../wasi/generator.ts";

// The crate's updates never match on Ceph 16, which wants the ETag of `If-Match` without its quotes.
for (const server of S3_SERVERS.filter(({ name }) => name !== "ceph")) {
  Deno.test(`object_store in a guest on ${server.name}, and storeport on what it wrote`, async () => {
    const started = await startS3(server);
    if (started === undefined) return console.log(`SKIPPED: ${server.name} not installed`);
    await using running = started;
    const options = await running.bucket("guest");
    const guest = await loadGuest(guestPath("object-store"));
    const env = {
      STORE_RETRIES: "3",
      STORE_TIMEOUT: "30 seconds",
      AWS_ENDPOINT: options.endpoint!,
      AWS_REGION: options.region!,
      AWS_ACCESS_KEY_ID: S3_KEYS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: S3_KEYS.secretAccessKey,
      AWS_ALLOW_HTTP: "true",
    };
    const run = async (...args: string[]) => {
      try {
        const result = await guest.run({
          args: ["s3://guest/", ...args],
          env,
          net: [options.endpoint!],
          stdout: "pipe",
          stderr: "pipe",
        });
        const [out, err] = [result.stdout, result.stderr].map((bytes) => new TextDecoder().decode(bytes));
        equal(`${result.exitCode} ${err}`, "0 ", out);
        return out!;
      } catch (error) {
        if (error instanceof GuestTrapError) fail(`${error.message}\n${error.guestStderr}`);
        throw error;
      }
    };
    const tour = await run("tour");
    for (const part of ["put-and-get", "ranges", "big", "conditional-get", "listing", "copies"]) {
      match(tour, new RegExp(`^ok ${part}$`, "m"));
    }
    // Two parts: what one side wrote in parts the other reads.
    await run("multipart", "from/guest.bin", "6000000", "5242880");
    using store = new S3Store(options);
    const bytes = await (await store.get("from/guest.bin")).bytes();
    equal(bytes.length, 6_000_000);
    await store.put("from/storeport.bin", bytes);
    match(await run("get-bytes", "from/storeport.bin"), /6000000/);
    const listed = await Array.fromAsync(store.list("from"), ({ location }) => location);
    deepEqual(listed, ["from/guest.bin", "from/storeport.bin"]);
    ok((await run("list", "from")).includes("from/storeport.bin"));
  });
}
