// A command of a guest in JavaScript: its first argument says what to do. A failure is exit code 1 with the reason on
// stderr.
import { getArguments } from "wasi:cli/environment@0.2.12";
import { exit } from "wasi:cli/exit@0.2.12";

/** What a world exports as `wasi:cli/run`: one of these functions, or the usage where none is named. */
export function commandOf(commands, usage) {
  return {
    async run() {
      const [, name = "", ...args] = getArguments();
      if (!Object.hasOwn(commands, name)) {
        console.error(usage);
        exit({ tag: "err" });
      }
      try {
        await commands[name](...args);
      } catch (error) {
        console.error(`${error?.name ?? "Error"}: ${error?.message ?? error}`);
        exit({ tag: "err" });
      }
    },
  };
}
