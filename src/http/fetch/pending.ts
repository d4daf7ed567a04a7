/** A service over `fetch` as far as connecting makes it. What sends is loaded with the first request. */
import { HttpError } from "../error.ts";
import { LazyService } from "../lazy_service.ts";
import type { ClientOptions } from "../options.ts";
import type { HttpRequest, HttpService } from "../service.ts";
import type { FetchAbilities } from "./platform.ts";

/** What a service over `fetch` is made of. */
export interface FetchSettings {
  /** The `fetch` to use, to be called without a receiver. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Options that have been checked. */
  readonly options: ClientOptions;
  /** What the `fetch` can do, as far as it was said. */
  readonly abilities: FetchAbilities;
}

/** Loads what sends, unless code that has it loaded comes first: `opened` in `service.ts`. */
export class PendingFetch extends LazyService {
  /** Settings that have been checked. */
  readonly settings: FetchSettings;

  /** Of settings that have been checked. */
  constructor(settings: FetchSettings) {
    super((request) => load(settings, request));
    this.settings = settings;
  }
}

async function load(settings: FetchSettings, { method }: HttpRequest): Promise<HttpService> {
  try {
    return (await import("../core.ts")).fetchService(settings);
  } catch (cause) {
    throw new HttpError("connect", `Cannot send ${method}: what sends cannot be loaded: ${cause}`, { cause });
  }
}
