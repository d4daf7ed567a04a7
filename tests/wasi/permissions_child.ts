/** `GUEST NET ARGS…`: runs a guest with what it is given. */
import { loadGuest } from "../../src/wasi/mod.ts";

const [path, net, ...args] = Deno.args;
const guest = await loadGuest(path!);
const { exitCode, stdout, stderr } = await guest.run({
  args,
  env: { HTTP_SERVER: net! },
  net: net === "" ? undefined : [net!],
  stdout: "pipe",
  stderr: "pipe",
});
console.log(new TextDecoder().decode(stdout), new TextDecoder().decode(stderr));
if (exitCode !== 0) throw new Error(`exit code ${exitCode}`);
