/** `GUEST…`: lets guests that compute for ever loose in workers and ends them. The process must then end by itself. */
import { type GuestLimitError, loadGuest } from "../../../src/wasi/mod.ts";

const isolation = "worker";
const load = (path: string) => loadGuest(new URL(`../../guests/${path}.wasm`, import.meta.url));

for (const path of Deno.args) {
  const guest = await load(path);
  if (guest.exports.some(({ name }) => name === "wasi:cli/run")) {
    const late = guest.run({ isolation, limits: { timeout: 300 } });
    const controller = new AbortController();
    const aborted = guest.run({ isolation, signal: controller.signal });
    setTimeout(() => controller.abort(), 300);
    const limits = await Promise.all(
      [late, aborted].map((run) =>
        run.then(() => "none", (error: GuestLimitError) => error.limit ?? error.message)
      ),
    );
    console.log(path, ...limits);
    continue;
  }
  const timed = guest.serve({ isolation, workers: 1, requestTimeout: 1000 });
  const stopped = guest.serve({ isolation, workers: 1 });
  const statuses = [timed, stopped].map(async (server) => {
    const response = await server.fetch(new Request("http://guest/loop"));
    await response.text();
    return response.status;
  });
  const first = await statuses[0]!;
  await Promise.all([timed.shutdown(0), stopped.shutdown(0)]);
  console.log(path, first, await statuses[1]!);
}
