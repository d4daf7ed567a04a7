/** The interfaces of `wasi:cli` that a guest imports. */
import { Resource } from "../abi/handles.ts";
import { list, option, own, resource, result, string, tuple, u8 } from "../abi/types.ts";
import { fn, type HostInterface } from "../host.ts";
import { inputStream, outputStream } from "../io/interface.ts";
import { SinkStream, StdinStream } from "./stdio.ts";

/** `terminal-input` and `terminal-output`: nothing can be done with them but know that they exist. */
class Terminal extends Resource {}

const terminalInput = resource<Terminal>("wasi:cli/terminal-input#TerminalInput");
const terminalOutput = resource<Terminal>("wasi:cli/terminal-output#TerminalOutput");

/** All of `wasi:cli` but `run`. */
export const cliInterfaces: readonly HostInterface[] = [
  {
    name: "wasi:cli/environment",
    functions: {
      "get-environment": fn([], list(tuple(string, string)), ({ capabilities }) => capabilities.env),
      "get-arguments": fn([], list(string), ({ capabilities }) => capabilities.args),
      "initial-cwd": fn([], option(string), ({ capabilities }) => capabilities.cwd),
    },
  },
  {
    name: "wasi:cli/exit",
    functions: {
      "exit": fn([result()], undefined, (instance, status) => instance.exit(status.tag === "ok" ? 0 : 1)),
      "exit-with-code": fn([u8], undefined, (instance, code) => instance.exit(code)),
    },
  },
  {
    name: "wasi:cli/stdin",
    functions: {
      "get-stdin": fn([], own(inputStream), ({ capabilities }) => new StdinStream(capabilities.stdin)),
    },
  },
  {
    name: "wasi:cli/stdout",
    functions: {
      "get-stdout": fn(
        [],
        own(outputStream),
        (instance) => new SinkStream(instance, instance.capabilities.stdout),
      ),
    },
  },
  {
    name: "wasi:cli/stderr",
    functions: {
      "get-stderr": fn(
        [],
        own(outputStream),
        (instance) => new SinkStream(instance, instance.capabilities.stderr),
      ),
    },
  },
  { name: "wasi:cli/terminal-input", resources: ["terminal-input"], functions: {} },
  { name: "wasi:cli/terminal-output", resources: ["terminal-output"], functions: {} },
  {
    name: "wasi:cli/terminal-stdin",
    functions: {
      "get-terminal-stdin": fn(
        [],
        option(own(terminalInput)),
        ({ capabilities }) => capabilities.stdin.terminal ? new Terminal() : undefined,
      ),
    },
  },
  {
    name: "wasi:cli/terminal-stdout",
    functions: {
      "get-terminal-stdout": fn(
        [],
        option(own(terminalOutput)),
        ({ capabilities }) => capabilities.stdout.terminal ? new Terminal() : undefined,
      ),
    },
  },
  {
    name: "wasi:cli/terminal-stderr",
    functions: {
      "get-terminal-stderr": fn(
        [],
        option(own(terminalOutput)),
        ({ capabilities }) => capabilities.stderr.terminal ? new Terminal() : undefined,
      ),
    },
  },
];
