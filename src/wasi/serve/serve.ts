/** From a guest's code to a server of it. */
import { MissingImportError } from "../error.ts";
import { missingImports } from "../imports.ts";
import type { GuestCode } from "../module.ts";
import type { GuestOptions } from "../options.ts";
import { starter } from "../running.ts";
import type { ServeFailure } from "./failure.ts";
import type { Backend } from "./job.ts";
import { instanceMaker } from "./maker.ts";
import { type ResolvedServeOptions, resolveServeOptions, type ServeOptions } from "./options.ts";
import { sharedOutput, type SharedOutputs } from "./output.ts";
import { InstancePool } from "./pool.ts";
import { GuestServer } from "./server.ts";
import { Counters } from "./stats.ts";
import { workerBackend } from "./worker/workers.ts";

/**
 * Serves a guest's HTTP handler. Nothing of it runs before the first request.
 *
 * @throws {MissingImportError} for an import that the host does not have.
 * @throws {RangeError} for numbers that make no sense.
 * @throws {TypeError} for options that cannot be carried to a worker.
 */
export function serveGuest(name: string, code: GuestCode, options: ServeOptions): GuestServer {
  const missing = missingImports(code.required);
  if (missing.length > 0) throw new MissingImportError(missing);
  const resolved = resolveServeOptions(options);
  const counters = new Counters();
  const outputs = {
    stdout: sharedOutput(options.stdout, 1, options.outputPrefix ?? false),
    stderr: sharedOutput(options.stderr, 2, options.outputPrefix ?? false),
  };
  const onDenied: GuestOptions["onDenied"] = (denied) => {
    counters.outgoingDenied++;
    options.onDenied?.(denied);
  };
  const backend = (freed: () => void): Backend =>
    options.isolation === "worker"
      ? workerBackend(name, code, options, resolved, { outputs, onDenied, freed })
      : inlineBackend(name, code, { ...options, onDenied }, resolved, outputs, freed);
  const { onRequest, signal } = options;
  const onFailure = (id: string, failure: ServeFailure) => options.onFailure?.(id, failure);
  const server = new GuestServer(resolved, { onRequest, onFailure }, counters, (freed) => {
    const inner = backend(freed);
    return {
      get available() {
        return inner.available;
      },
      start: (job) => inner.start(job),
      stats: () => inner.stats(),
      async close() {
        signal?.removeEventListener("abort", stop);
        await inner.close();
        outputs.stdout.release();
        outputs.stderr.release();
      },
    };
  });
  const stop = () => void server.shutdown(0);
  if (signal?.aborted) stop();
  else signal?.addEventListener("abort", stop, { once: true });
  return server;
}

function inlineBackend(
  name: string,
  code: GuestCode,
  options: ServeOptions,
  resolved: ResolvedServeOptions,
  { stdout, stderr }: SharedOutputs,
  freed: () => void,
): Backend {
  const granted = {
    ...guestOptions(options),
    ...(options.stdout === "inherit" && { stdout: options.stdout }),
    ...(options.stderr === "inherit" && { stderr: options.stderr }),
  };
  const make = instanceMaker(code, () => starter(name, code, granted), (number) => ({
    env: options.instanceId ? { ...options.env, INSTANCE_ID: String(number) } : options.env,
    stdout: stdout.forInstance(number),
    stderr: stderr.forInstance(number),
  }));
  return new InstancePool(make, resolved.pool, freed);
}

/** What of the options is an instance's own. The server's signal ends the server, not its instances one by one. */
export function guestOptions(options: ServeOptions): GuestOptions {
  const { args, argv0, env, cwd, terminals, preopens, net, connector, trace, onDenied, clocks } = options;
  const { sockets, config, keyValue, randomSeed, forbiddenHeaders, limits } = options;
  return {
    args,
    argv0,
    env,
    cwd,
    terminals,
    preopens,
    net,
    sockets,
    config,
    keyValue,
    connector,
    trace,
    onDenied,
    clocks,
    randomSeed,
    forbiddenHeaders,
    limits: { ...limits },
  };
}
