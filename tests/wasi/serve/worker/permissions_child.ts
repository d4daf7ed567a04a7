/**
 * Runs with all permissions and `--unstable-worker-options`: asks in a worker with the permissions that a guest's
 * options come to what that worker may do, and prints it. `OPTIONS` as JSON, then queries as JSON.
 */
import { workerPermissions } from "../../../../src/wasi/serve/worker/permissions.ts";

const [options, queries] = Deno.args.map((arg) => JSON.parse(arg));
const code = `
  const states = ${JSON.stringify(queries)}.map((query) => Deno.permissions.querySync(query).state);
  self.postMessage(states);
`;
const worker = new Worker(`data:text/javascript,${encodeURIComponent(code)}`, {
  type: "module",
  deno: { permissions: workerPermissions(options) },
} as WorkerOptions);
console.log(JSON.stringify(
  await new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
  }),
));
worker.terminate();
