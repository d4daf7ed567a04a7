/** `wasi:cli`: `p2_cli_*`. */
import assert from "node:assert/strict";
import { mkdtempSync, openSync, readSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HostCase, plain } from "./case.ts";

const p2 = (...names: string[]) => names.map((name) => `p2_cli_${name}`);

/** The cases. */
export const cliCases: readonly HostCase[] = [
  plain("hello_stdout", p2("hello_stdout")),
  {
    name: "args: exact, empty ones and emoji included",
    covers: p2("args"),
    async run(env) {
      const args = ["a", "", "b c", "😀", "--flag"];
      const { text } = await env.ok(["args", ...args]);
      for (const arg of args) assert.ok(text.includes(JSON.stringify(arg)) || text.includes(arg), text);
    },
  },
  {
    name: "argv0: the guest's name, or what is given",
    covers: p2("argv0"),
    async run(env) {
      await env.ok(["argv0", "checks.wasm"]);
      await env.ok(["argv0", "another"], { argv0: "another" });
    },
  },
  {
    name: "env: exactly what was granted, in order",
    covers: p2("env"),
    async run(env) {
      const { lines } = await env.ok(["env"], { env: { B: "2", A: "1", EMPTY: "", UMLAUT: "ä=ö" } });
      assert.deepEqual(lines, [`HTTP_SERVER=${env.origin.address}`, "B=2", "A=1", "EMPTY=", "UMLAUT=ä=ö"]);
    },
  },
  {
    name: "large_env: 512 KiB",
    covers: p2("large_env"),
    run(env) {
      const many = Object.fromEntries(
        Array.from({ length: 511 }, (_, i) => [`VAR_${String(i).padStart(4, "0")}`, "x".repeat(1024)]),
      );
      return env.run(["env"], { env: many }).then(({ lines }) => assert.equal(lines.length, 512));
    },
  },
  plain("initial_cwd", p2("initial_cwd")),
  plain("terminal", ["terminal-*"]),
  {
    name: "stdin: read to the end, from text, bytes and streams",
    covers: p2("stdin"),
    async run(env) {
      const bytes = new TextEncoder().encode("line 1\nline 2\n");
      const stream = () =>
        new ReadableStream<Uint8Array>({
          async start(controller) {
            for (const byte of bytes) {
              await undefined;
              controller.enqueue(Uint8Array.of(byte));
            }
            controller.close();
          },
        });
      for (const stdin of ["line 1\nline 2\n", bytes, stream()]) {
        const { lines } = await env.ok(["stdin_copy"], { stdin });
        assert.deepEqual(lines.slice(0, 2), ["line 1", "line 2"]);
      }
    },
  },
  plain("stdin_empty", p2("stdin_empty")),
  {
    name: "stdin_error: a directory as input fails with is-directory",
    covers: p2("stdin_eisdir"),
    async run(env) {
      const directory = mkdtempSync(join(tmpdir(), "storeport-stdin-"));
      const fd = openSync(directory, "r");
      const stdin = new ReadableStream<Uint8Array>({
        pull(controller) {
          try {
            readSync(fd, new Uint8Array(1));
          } catch (error) {
            controller.error(error);
          }
        },
      });
      const { text } = await env.run(["stdin_error"], { stdin });
      assert.match(text, /is-directory|IsDirectory/);
      const { closeSync, rmdirSync } = await import("node:fs");
      closeSync(fd);
      rmdirSync(directory);
    },
  },
  {
    name: "stdout_epipe: a broken pipe is closed, not a failure",
    covers: p2("stdout_epipe"),
    async run(env) {
      const stdout = new WritableStream<Uint8Array>({
        write() {
          throw new Error("broken pipe");
        },
      });
      const { exitCode, errors } = await env.run(["stdout_epipe"], { stdout });
      assert.equal(exitCode, 0, errors);
    },
  },
  {
    name: "write_flushes: the prompt is out before input is asked for",
    covers: p2("stdio_write_flushes"),
    async run(env) {
      let written = "";
      let answer: (bytes: Uint8Array) => void = () => {};
      const stdout = new WritableStream<Uint8Array>({
        write(bytes) {
          written += new TextDecoder().decode(bytes);
          if (written === "> ") answer(new TextEncoder().encode("an answer\n"));
        },
      });
      const stdin = new ReadableStream<Uint8Array>({
        start(controller) {
          answer = (bytes) => {
            controller.enqueue(bytes);
            controller.close();
          };
        },
      });
      await env.run(["write_flushes"], { stdin, stdout });
      assert.match(written, /^> .*an answer/s);
    },
  },
  {
    name: "much_stdout: 256 KiB in pieces of all sizes arrive whole",
    covers: p2("much_stdout"),
    async run(env) {
      const { stdout } = await env.ok(["much_stdout"]);
      assert.ok(stdout.length >= 256 * 1024, `${stdout.length} bytes`);
    },
  },
  {
    name: "a slow reader of standard output holds the guest back, and loses nothing",
    async run(env) {
      let size = 0;
      const stdout = new WritableStream<Uint8Array>({
        async write(bytes) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          size += bytes.length;
        },
      });
      await env.run(["stdout_forever", "1"], { stdout });
      assert.ok(size >= 1 << 20, `${size} bytes`);
    },
  },
  {
    name: "out_and_err: apart, binary kept",
    async run(env) {
      const { stdout, errors } = await env.ok(["out_and_err"]);
      assert.match(errors, /to stderr/);
      assert.ok(stdout.includes(0), "the NUL byte is gone");
    },
  },
  {
    name: "exit codes: success, failure, any number, an error from run",
    covers: p2("exit_success", "exit_default", "exit_failure", "exit_with_code"),
    async run(env) {
      const codes: number[] = [];
      for (
        const args of [["exit_success"], ["exit_failure"], ["exit_with_code", "42"], ["run_err"], [
          "hello_stdout",
        ]]
      ) {
        codes.push((await env.run(args)).exitCode);
      }
      assert.deepEqual(codes, [0, 1, 42, 1, 0]);
    },
  },
];
