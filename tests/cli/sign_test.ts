/** `storeport sign`: URLs that others may use. */
import assert from "node:assert/strict";
import { S3_KEYS, S3_SERVERS, startS3 } from "../servers/s3.ts";
import { run } from "./cli_support.ts";

const KEYS = ["-o", "accessKeyId=AKID", "-o", "secretAccessKey=hunter2", "-o", "region=eu-west-1"];

Deno.test("cli: sign prints the URL alone", async () => {
  const { code, out, err } = await run(["sign", ...KEYS, "s3://bucket/a b.txt".replace(" ", "%20")]);
  assert.deepEqual([code, err], [0, ""]);
  const url = new URL(out.trim());
  assert.equal(`${url}\n`, out);
  assert.equal(url.origin + url.pathname, "https://bucket.s3.eu-west-1.amazonaws.com/a%20b.txt");
  const query = Object.fromEntries(url.searchParams);
  assert.deepEqual([query["X-Amz-Expires"], query["X-Amz-SignedHeaders"]], ["3600", "host"]);
  assert.match(query["X-Amz-Signature"]!, /^[0-9a-f]{64}$/);
  assert.doesNotMatch(out, /hunter2/);
  const several = await run([
    "sign",
    ...KEYS,
    "--expires",
    "1h 30m",
    "-m",
    "put",
    "-H",
    "content-type:text/plain",
    "--header",
    "x-amz-acl: private",
    "s3://bucket/a",
    "https://bucket.s3.us-west-2.amazonaws.com/b",
    "s3://arn:aws:s3:us-east-2:123456789012:accesspoint/my-point/dir/c",
  ]);
  const [a, b, c, end] = several.out.split("\n").map((line) => line && new URL(line));
  assert.equal(end, "");
  assert.equal((a as URL).searchParams.get("X-Amz-Expires"), "5400");
  assert.equal((a as URL).searchParams.get("X-Amz-SignedHeaders"), "content-type;host;x-amz-acl");
  assert.equal((b as URL).host, "bucket.s3.us-west-2.amazonaws.com");
  assert.equal((c as URL).host, "my-point-123456789012.s3-accesspoint.us-east-2.amazonaws.com");
  assert.equal((c as URL).pathname, "/dir/c");
});

Deno.test("cli: sign refuses what cannot be", async () => {
  const table: [args: string[], code: number, message: RegExp][] = [
    [["s3://bucket"], 2, /the root as an object/],
    [["--expires", "8d", "s3://bucket/a"], 2, /604800/],
    [["--expires", "soon", "s3://bucket/a"], 2, /15m/],
    [["--expires", "1ms", "s3://bucket/a"], 2, /whole number of seconds/],
    [["--header", "nonsense", "s3://bucket/a"], 2, /name:value/],
    [["--header", "host:example.com", "s3://bucket/a"], 2, /"host"/],
    [["--header", "foo bar:x", "s3://bucket/a"], 2, /"foo bar"/],
    [["--method", "GTE", "s3://bucket/a"], 2, /Allowed methods are GET, HEAD, PUT, DELETE/],
    [[], 2, /Missing required argument/],
  ];
  for (const [args, code, message] of table) {
    const outcome = await run(["sign", ...KEYS, ...args]);
    assert.equal(outcome.code, code, outcome.err);
    assert.match(outcome.err, message);
    assert.equal(outcome.out, "");
    assert.doesNotMatch(outcome.err, /hunter2/);
  }
  const unsigned = await run(["sign", "-o", "region=eu-west-1", "-o", "skipSignature=true", "s3://bucket/a"]);
  assert.equal(unsigned.code, 2);
  assert.match(unsigned.err, /no credentials/);
  const file = await run(["sign", "file.txt"]);
  assert.equal(file.code, 1);
  assert.match(file.err, /no signed URLs/);
});

for (const server of S3_SERVERS) {
  Deno.test(`cli: signed URLs work on ${server.name}`, async () => {
    const started = await startS3(server);
    if (started === undefined) return console.log(`SKIPPED: ${server.name} not installed`);
    await using running = started;
    const { endpoint } = await running.bucket("signed");
    const { accessKeyId, secretAccessKey } = S3_KEYS;
    const options = Object.entries({ endpoint, provider: server.name, accessKeyId, secretAccessKey })
      .flatMap(([key, value]) => ["-o", `${key}=${value}`]);
    const sign = async (...args: string[]): Promise<string> => {
      const { code, out, err } = await run(["sign", ...options, ...args]);
      assert.equal(code, 0, err);
      return out.trim();
    };
    const object = "s3://signed/dir/a%20b%2B%C3%A9.txt";
    const put = await sign("-m", "PUT", "-H", "content-type:text/plain", "--expires", "5m", object);
    const curl = async (...args: string[]): Promise<string> => {
      const { stdout } = await new Deno.Command("curl", { args: ["-s", ...args] }).output();
      return new TextDecoder().decode(stdout);
    };
    const status = ["-o", "/dev/null", "-w", "%{http_code}"];
    assert.equal(
      await curl("-X", "PUT", "-H", "content-type: text/plain", "-d", "text", ...status, put),
      "200",
    );
    assert.equal(await curl(await sign(object)), "text");
    assert.equal(await curl("-I", ...status, await sign("-m", "head", object)), "200");
    assert.equal(await curl("-X", "DELETE", ...status, await sign("-m", "DELETE", object)), "204");
    assert.equal(await curl(...status, await sign(object)), "404");
  });
}
