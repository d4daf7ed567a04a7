/** How the command is called: help, version, bad usage, and errors as a person reads them. */
import assert from "node:assert/strict";
import { VERSION } from "../../src/http/version.ts";
import { formatDuration, formatSize, formatTime, parseRange } from "../../src/cli/format.ts";
import { clean, type CommandTraits, explain } from "../../src/cli/errors.ts";
import { HttpError } from "../../src/http/error.ts";
import {
  AlreadyExistsError,
  GenericError,
  NotFoundError,
  NotSupportedError,
  UnauthenticatedError,
} from "../../src/store/error.ts";
import { MissingExportError } from "../../src/wasi/mod.ts";
import { cliTest, run } from "./cli_support.ts";

Deno.test("cli: help and version go to standard output", async () => {
  assert.deepEqual(await run(["--version"]), { code: 0, out: `${VERSION}\n`, err: "" });
  for (const args of [["--help"], ["help"]]) {
    const { code, out, err } = await run(args);
    assert.deepEqual([code, err], [0, ""]);
    for (const name of ["ls", "cat", "get", "put", "cp", "mv", "rm", "stat", "gateway"]) {
      assert.match(out, new RegExp(`^  ${name} `, "m"));
    }
  }
  for (const name of ["ls", "cat", "get", "put", "cp", "mv", "rm", "stat", "gateway"]) {
    const { code, out } = await run([name, "--help"]);
    assert.equal(code, 0);
    assert.match(out, /Examples:/, name);
  }
});

Deno.test("cli: bad usage ends with 2 and says what is wrong", async () => {
  const table: [args: string[], message: RegExp][] = [
    [[], /Usage: storeport/],
    [["bogus"], /Unknown command 'bogus'/],
    [["--bogus"], /Unknown option '--bogus'/],
    [["ls", "--bogus"], /Unknown option '--bogus'/],
    [["ls", "a", "b"], /Too many arguments/],
    [["cat"], /Missing required argument/],
    [["cp", "a"], /Give a destination/],
    [["mv", "a"], /Give a destination/],
    [["put", "a"], /Give a URL/],
    [["cat", ""], /argument is empty/],
    [["cat", "foo://x/y"], /Cannot open "foo:\/\/x\/y": no store has the scheme "foo"/],
    [["ls", "gs://bucket/x"], /"https:\/\/storage\.googleapis\.com"/],
    [["cat", "-"], /"-" is standard input for "put"/],
    [["cp", "memory:///a", "-"], /write "\.\/-"/],
    [["ls", "http:/127.0.0.1/x"], /two slashes after "http:"/],
    [["ls", "s3:bucket"], /two slashes after "s3:"/],
    [["ls", "arn:aws:s3:::data"], /write "s3:\/\/" before an ARN/],
    [["ls", "s3://arn:aws:s3:::data"], /not the ARN: "s3:\/\/data\/"/],
    [["ls", "-o", "accesskey=x", "s3://bucket"], /did you mean .*"accessKeyId"/],
    [["ls", "-o", "retry=3", "http://127.0.0.1"], /did you mean "retryTimeout"/],
    [["cat", "http://[::1/x"], /host or port/],
    [["cat", "file:///a/../b"], /"\.\."/],
    [["cat", "file:///a%00b"], /control character/],
    [["cat", "memory:///a\nb"], /control character/],
    [["cat", "a\nb"], /control character/],
    [["cat", "--range", "5-2", "x"], /ends before it starts/],
    [["cat", "--range", "x", "x"], /write it as 0-99/],
    [["get", "-r", "memory:///", "-"], /many objects to standard output/],
    [["cp", "--concurrency", "0", "a", "b"], /whole number from 1/],
    [["ls", "-o", "novalue", "memory:///"], /key=value/],
    [["ls", "-o", "fsnyc=1", "file:///"], /Unknown configuration key "fsnyc"/],
    [["put", "--no-overwrite", "--if-match", '"x"', "a", "memory:///b"], /not both/],
    [["put", "-", "memory:///"], /needs a name/],
    [["put", "-", "x", "memory:///y"], /together with files/],
    [["rm", "memory:///"], /root of a store/],
    [["rm", "-r", "memory:///"], /--entire-store/],
    [["cp", "a", "b", "memory:///c"], /end it with "\/"/],
    [["cp", "memory:///", "memory:///b"], /use -r/],
    [["gateway", "--addr", "8080", "memory:///"], /host:port/],
    [["gateway", "--addr", "h:99999", "memory:///"], /host:port/],
    [["gateway", "no/such/directory"], /Cannot serve "no\/such\/directory": it is not a directory/],
    [["gateway", "--token", "", "file:///"], /token is empty/],
    [["gateway", "--base-path", "files", "memory:///"], /begins with a slash/],
    [["gateway", "--max-body-size", "1X", "memory:///"], /256M or 1G/],
    [["run", "--net", "://bad", "x.wasm"], /--net: .*"http", "https"/],
    [["run", "--sockets", "http://host:1", "x.wasm"], /host:port, without a scheme/],
    [["serve", "--workers", "2", "--isolation", "inline", "x.wasm"], /not both/],
  ];
  for (const [args, message] of table) {
    const { code, out, err } = await run(args);
    assert.equal(code, 2, `${args.join(" ")}: ${err}`);
    assert.equal(out, "");
    assert.match(err, message, args.join(" "));
    assert.doesNotMatch(err, /\n {4}at /);
  }
});

cliTest("what fails ends with 1 and says why", async ({ cwd, url }) => {
  await Deno.mkdir(`${cwd}/dir`);
  await Deno.writeTextFile(`${cwd}/dir/file`, "0123456789");
  await Deno.writeTextFile(`${cwd}/dir/file2`, "2");
  const table: [args: string[], message: RegExp][] = [
    [["cat", "nope"], new RegExp(`Cannot read "${cwd}/nope": no such file`)],
    [["cat", "dir/file/x"], /no such file/],
    [["stat", "nope"], /no such file/],
    [["ls", "nope"], /no such file/],
    [["rm", "nope"], /no such file/],
    [["rm", "-r", "nope"], /no such file/],
    [["cp", "nope", "x"], /no such file/],
    [["mv", "nope", "x"], /no such file/],
    [["cp", "-r", "nope", "x"], /no such file/],
    [["cat", "dir"], /it is a directory\n {2}hint: "storeport ls"/],
    [["stat", "dir"], /it is a directory\n {2}hint: "storeport ls"/],
    [["put", "--content-type", "a/b", "dir/file", "x"], /hint: leave out --content-type/],
    [["ls", "http://example.invalid/x"], /hint: use https:\/\/, or add -o allowHttp=true/],
    [
      ["gateway", "--addr", new URL(url).host, "memory:///"],
      /Cannot listen on http:.*: the address is in use/,
    ],
    [["cp", "dir", "x"], /it is a directory\n {2}hint: use -r/],
    [["put", "dir", `${url}/x`], /it is a directory\n {2}hint: use -r/],
    [["cat", "--range", "10-", "dir/file"], /starts at or beyond the end of an object of 10 bytes/],
    [["cat", `${url}/nope`], /Cannot get "nope"/],
    [["stat", `${url}/nope`], /"nope"/],
    [["cat", "--range", "5-", `${url}/nope`], /"nope"/],
    [["put", "dir/file", "dir/file/below"], /a part of its path is a file/],
    [["cp", "dir/file", "a#1"], /not supported/],
    [["cp", "--no-overwrite", "dir/file", "dir/file2"], /hint: leave out --no-overwrite/],
    [
      ["cat", "-o", "retry=false", "-o", "maxRetries=0", "http://user:hunter2@127.0.0.1:2/x"],
      /127\.0\.0\.1:2/,
    ],
  ];
  for (const [args, message] of table) {
    const { code, out, err } = await run(args, { cwd });
    assert.equal(code, args.includes("retry=false") ? 2 : 1, `${args.join(" ")}: ${err}`);
    if (args.includes("retry=false")) continue;
    assert.equal(out, "");
    assert.match(err, /^storeport: /);
    assert.match(err, message, args.join(" "));
    assert.doesNotMatch(err, /hunter2|\n {4}at /);
  }
});

Deno.test("cli: an unreachable host is told of, without the password", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const { code, err } = await run(["cat", "-o", "maxRetries=0", `http://user:hunter2@127.0.0.1:${port}/x`]);
  assert.equal(code, 1);
  assert.match(err, new RegExp(`127\\.0\\.0\\.1:${port}/x`));
  assert.doesNotMatch(err, /hunter2|user/);
});

Deno.test("cli: defaults in help texts are what one would type", async () => {
  for (
    const [command, shown] of [["gateway", "127.0.0.1:8080"], ["serve", "127.0.0.1:8080"], ["sign", "1h"]]
  ) {
    const { out } = await run([command!, "--help"]);
    assert.match(out.replace(/\s+/g, " "), new RegExp(`\\(default: ${shown}\\)`));
    assert.doesNotMatch(out, /default: (\{|\[|none|3600)/);
  }
  // Every subcommand is listed as its own usage line shows it.
  assert.match((await run(["--help"])).out, /^ {2}put \[options\] <file\.\.\.> <url> /m);
});

cliTest("local paths are shown from the root, in --json too", async ({ cwd }) => {
  await Deno.mkdir(`${cwd}/dir/below`, { recursive: true });
  await Deno.writeTextFile(`${cwd}/dir/below/file`, "x");
  const paths = async (...args: string[]) =>
    (await run(args, { cwd })).out.trim().split("\n").map((line) => JSON.parse(line)).map((one) =>
      one.path ?? one.prefix
    );
  assert.deepEqual(await paths("ls", "--json", "dir"), [`${cwd}/dir/below`]);
  assert.deepEqual(await paths("ls", "-r", "--json", "dir"), [`${cwd}/dir/below/file`]);
  assert.deepEqual(await paths("stat", "--json", "dir/below/file"), [`${cwd}/dir/below/file`]);
  assert.match((await run(["stat", "dir/below/file"], { cwd })).out, new RegExp(`^path: +${cwd}/dir`));
});

Deno.test("cli: hints go by what an error is, whatever its words", () => {
  const hint = (error: unknown, command: CommandTraits = {}) =>
    /\n {2}hint: (.*)$/.exec(explain(error, command))?.[1];
  const at = { store: "S3", path: "a" };
  const denied = new HttpError("denied", "No", { key: "allowHttp" });
  const missing = (...exports: string[]) => hint(new MissingExportError("Cannot run it", "x:y/z", exports));
  const notCapable = Object.assign(new Error("Requires net access"), { name: "NotCapable" });
  assert.match(hint(new NotFoundError("No", { ...at, isDirectory: true }))!, /storeport ls/);
  assert.match(hint(new NotFoundError("No", { ...at, isDirectory: true }), { recursive: true })!, /use -r/);
  assert.equal(hint(new NotFoundError("Well, it is a directory", at)), undefined);
  assert.match(hint(new AlreadyExistsError("No", at), { noOverwrite: true })!, /--no-overwrite/);
  assert.equal(hint(new AlreadyExistsError("No", at)), undefined);
  assert.match(hint(new GenericError("No", { ...at, cause: denied }))!, /-o allowHttp=true/);
  assert.equal(hint(new GenericError('Say "allowHttp"', at)), undefined);
  assert.match(hint(new NotSupportedError("No", { ...at, key: "attributes" }))!, /--content-type/);
  assert.equal(hint(new NotSupportedError('No "attributes"', at)), undefined);
  assert.match(hint(new UnauthenticatedError("No", at))!, /AWS_PROFILE/);
  assert.equal(hint(new UnauthenticatedError("No", { ...at, cause: notCapable })), undefined);
  assert.match(missing("a:b/c", "wasi:cli/run")!, /storeport run/);
  assert.match(missing("wasi:http/incoming-handler")!, /storeport serve/);
  assert.equal(missing("a:b/c"), undefined);
});

Deno.test("cli: what reaches a terminal is clean", () => {
  assert.equal(
    clean("at http://u:secret@host/a?sig=secret&b=1#f, \x1b[2J"),
    "at http://host/a?sig=REDACTED&b=1 \\u001b[2J",
  );
  const inner = new Error("the socket closed");
  const lines = explain(new Error('Cannot get "x"', { cause: new Error("it broke", { cause: inner }) }))
    .split("\n");
  assert.deepEqual(lines, ['Cannot get "x"', "  caused by: it broke", "  caused by: the socket closed"]);
});

Deno.test("cli: sizes, durations, times and ranges", () => {
  assert.deepEqual([0, 999, 1024, 1536, 102_400, 1_073_741_824, 2 ** 60].map(formatSize), [
    "0 B",
    "999 B",
    "1.0 KiB",
    "1.5 KiB",
    "100 KiB",
    "1.0 GiB",
    "1.0 EiB",
  ]);
  assert.deepEqual([0.04, 9.96, 59.4, 65, 3605, 8040, Infinity].map(formatDuration), [
    "0.0 s",
    "10 s",
    "59 s",
    "1 min 5 s",
    "1 h 0 min",
    "2 h 14 min",
    "?",
  ]);
  assert.equal(formatTime(new Date(2024, 4, 1, 13, 4, 9)), "2024-05-01 13:04:09");
  assert.deepEqual(["0-99", "5-5", "100-", "-10"].map(parseRange), [
    { start: 0, end: 100 },
    { start: 5, end: 6 },
    { offset: 100 },
    { suffix: 10 },
  ]);
});
