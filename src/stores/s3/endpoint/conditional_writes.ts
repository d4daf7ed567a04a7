/** Whether the service honours conditional writes: known from the table, set by the user, or probed. */
import { notSupported, NotSupportedError } from "../../../store/error.ts";
import type { Path } from "../../../store/path.ts";
import type { OperationOptions, PutMode } from "../../../store/types.ts";
import type { S3Client } from "../client.ts";
import { getHeader, run, STORE } from "../core.ts";
import { createMarker } from "../put/marker.ts";
import { bareETag, takesBareETags } from "../write_headers.ts";

/** What one store knows of its service's conditions. */
export class WriteConditions {
  readonly #client: S3Client;
  readonly #found: { create?: Promise<boolean>; update?: Promise<boolean> } = {};

  constructor(client: S3Client) {
    this.#client = client;
  }

  /** @throws {NotSupportedError} where a put in this mode would overwrite. */
  async requirePut(path: Path, mode: PutMode, options: OperationOptions): Promise<void> {
    if (mode === "overwrite") return;
    const kind = mode === "create" ? "create" : "update";
    const { conditionalPut } = this.#client.options;
    const known = conditionalPut === undefined
      ? this.#client.provider[kind]
      : conditionalPut === "probe"
      ? "probe"
      : conditionalPut === "etag";
    if (known === true || known === "probe" && await this.#probed(kind, options)) return;
    notSupported(
      `${kind} "${path}" only if its condition holds`,
      known === false
        ? 'conditional writes are off; where the service has them, set "conditionalPut" to "etag"'
        : "the service does not heed the condition, and would overwrite",
      { store: STORE, path },
    );
  }

  async #probed(kind: "create" | "update", options: OperationOptions): Promise<boolean> {
    // One probe serves all who wait for it, so it must not end with the signal of one of them.
    const probe = this.#found[kind] ??= this.#probe(kind, { extensions: options.extensions });
    try {
      return await probe;
    } catch (error) {
      if (this.#found[kind] === probe) this.#found[kind] = undefined;
      throw error;
    } finally {
      options.signal?.throwIfAborted();
    }
  }

  /** Puts an object of a name that nobody has under a condition that cannot hold. */
  async #probe(kind: "create" | "update", options: OperationOptions): Promise<boolean> {
    const path = `.storeport-probe-${createMarker()}` as Path;
    const put = async (header: readonly (readonly [string, string])[], accept: readonly number[]) =>
      await run(this.#client, {
        method: "PUT",
        action: `find out whether the service heeds conditions, with a put of`,
        path,
        headers: header,
        body: [new Uint8Array(0)],
        accept,
        options,
      });
    const refuses = async (header: readonly [string, string]) =>
      (await put([header], [404, 409, 412])).status >= 400;
    try {
      if (kind === "create") {
        await put([], []);
        return await refuses(["if-none-match", "*"]);
      }
      if (!await refuses(["if-match", '"00000000000000000000000000000000"'])) return false;
      // One that is right must be taken, or no update would ever be made.
      const eTag = getHeader((await put([], [])).headers, "etag");
      if (eTag === undefined || !await refuses(["if-match", eTag])) return true;
      if (await refuses(["if-match", bareETag(eTag)])) return false;
      takesBareETags(this.#client);
      return true;
    } catch (error) {
      // A service that says it knows no such header is as clear an answer.
      if (error instanceof NotSupportedError || (error as { status?: number }).status === 400) return false;
      throw error;
    } finally {
      await run(this.#client, { method: "DELETE", action: "delete", path, accept: [404], options }).catch(
        () => {},
      );
    }
  }
}

/** Whether an upload can be completed under this mode. */
export function completes(client: S3Client, mode: PutMode): boolean {
  if (mode === "overwrite") return true;
  if (client.options.conditionalPut === "disabled") return false;
  const { complete } = client.provider;
  return complete === "all" || complete === "create" && mode === "create";
}

/** @throws {NotSupportedError} where an upload in this mode would overwrite. */
export function requireComplete(client: S3Client, path: Path, mode: PutMode): void {
  if (completes(client, mode)) return;
  notSupported(
    `complete an upload of "${path}" under a condition`,
    "the service would overwrite; put the object whole, which holds it in memory",
    { store: STORE, path },
  );
}
