/** What the user is told while requests are tried again. */
import assert from "node:assert/strict";
import { RetryNotes } from "../../src/cli/retry_notes.ts";
import { HttpError } from "../../src/http/error.ts";
import { GenericError } from "../../src/store/error.ts";
import { run } from "./cli_support.ts";

/** A port of loopback that refuses connections. */
function refusingPort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

Deno.test("cli: on a terminal it is told that a refused connection is tried again, and why", async () => {
  const port = refusingPort();
  const retry = ["-o", "maxRetries=3", "-o", "initBackoff=1ms"];
  const url = `http://user:hunter2@127.0.0.1:${port}/secret`;
  const note = `storeport: Trying 127.0.0.1:${port} again: connection refused\n`;
  for (const args of [["cat", url], ["ls", url], ["mv", url, "here"], ["get", url, "-"]]) {
    const { code, err } = await run([...args, ...retry], { terminal: true });
    assert.equal(code, 1, err);
    const plain = err.replaceAll("\r\x1b[K", "");
    assert.ok(plain.startsWith(note), plain);
    // Once, however often it is tried.
    assert.equal(plain.split("Trying").length, 2, plain);
    assert.doesNotMatch(plain, /hunter2|user:/);
  }
  for (const [option, terminal] of [["--json", true], ["--quiet", true], [undefined, false]] as const) {
    const { code, err } = await run(["ls", url, ...retry, ...option ? [option] : []], { terminal });
    assert.equal(code, 1);
    assert.doesNotMatch(err, /Trying/);
    assert.match(err, /connection-refused/);
  }
});

Deno.test("cli: a status that is tried again is told of, on buckets too", async () => {
  let busy = 2;
  const headers = { "last-modified": new Date().toUTCString(), etag: '"1"' };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    return busy-- > 0 ? new Response("busy", { status: 503 }) : new Response("there", { headers });
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const retry = ["-o", "initBackoff=1ms"];
  const bucket = ["-o", `endpoint=${origin}`, "-o", "skipSignature=true", "-o", "region=us-east-1"];
  try {
    for (const args of [["cat", `${origin}/x`, ...retry], ["cat", "s3://bucket/x", ...bucket, ...retry]]) {
      busy = 2;
      const { code, out, err } = await run(args, { terminal: true });
      assert.deepEqual([code, out], [0, "there"], err);
      assert.equal(
        err.replaceAll("\r\x1b[K", ""),
        `storeport: Trying 127.0.0.1:${server.addr.port} again: it answered 503\n`,
      );
    }
  } finally {
    await server.shutdown();
  }
});

Deno.test("cli: retries are told by place and reason, and again while they go on", () => {
  const lines: string[] = [];
  let now = 0;
  const notes = new RetryNotes((line) => void lines.push(line), () => now);
  const request = { method: "GET", url: "https://example.com:8443/a?sig=secret", headers: [] };
  const refused = new HttpError("connect", "No", { detail: { tag: "connection-refused" } });
  const tell = (attempt: number, what: { status?: number; error?: unknown }, resumed = false) =>
    notes.tell({ ...!resumed && { request }, attempt, delay: 1, elapsed: 1, ...what });
  tell(1, { error: refused });
  tell(1, { error: refused });
  tell(1, { status: 503 });
  now = 4_999;
  tell(6, { error: refused });
  now = 5_000;
  tell(7, { error: refused });
  tell(8, { error: refused });
  tell(1, { error: new HttpError("interrupted", "No") }, true);
  tell(1, { error: new Error("odd") }, true);
  // An answer that begins well, and what is fit for no terminal.
  const busy = new GenericError("Cannot delete: busy", { store: "S3", status: 200, code: "SlowDown" });
  tell(1, { status: 200, error: busy });
  tell(1, { error: new Error("\x1b[31mred\r\nhttps://user:hunter2@host/?X-Amz-Signature=abc") }, true);
  assert.deepEqual(lines, [
    "Trying example.com:8443 again: connection refused",
    "Trying example.com:8443 again: it answered 503",
    "Trying example.com:8443 again (retry 7): connection refused",
    "Trying again: interrupted",
    "Trying again: odd",
    "Trying example.com:8443 again: it answered SlowDown",
    "Trying again: \\u001b[31mred\\u000d https://host/?X-Amz-Signature=REDACTED",
  ]);
});
