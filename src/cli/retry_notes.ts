/** Tells the user what a wait is for: requests that failed and are sent again. */
import { HttpError } from "../http/error.ts";
import type { RetryEvent, RetryOptions } from "../http/retry/options.ts";
import { ObjectStoreError } from "../store/error.ts";
import { clean } from "./errors.ts";

/** A failure that goes on is told of again after so many milliseconds. */
const AGAIN_AFTER = 5_000;

/**
 * Turns retries into lines for the user: one for each place and reason, however many requests meet it, and one more
 * now and then while it goes on.
 */
export class RetryNotes {
  readonly #say: (line: string) => void;
  readonly #now: () => number;
  readonly #told = new Map<string, number>();

  /** `say` gets the lines, `now` tells milliseconds. */
  constructor(say: (line: string) => void, now: () => number = () => performance.now()) {
    this.#say = say;
    this.#now = now;
  }

  /** The option `retry` of a store whose retries are told. */
  get options(): RetryOptions {
    return { onRetry: (event) => this.tell(event) };
  }

  /** Tells of one. */
  tell({ request, attempt, status, error }: RetryEvent): void {
    const host = request === undefined ? undefined : hostOf(request.url);
    const reason = reasonOf(status, error);
    const key = `${host} ${reason}`;
    const before = this.#told.get(key);
    const now = this.#now();
    if (before !== undefined && now - before < AGAIN_AFTER) return;
    this.#told.set(key, now);
    const times = before === undefined ? "" : ` (retry ${attempt})`;
    this.#say(`Trying ${host === undefined ? "" : `${host} `}again${times}: ${reason}`);
  }
}

/** Host and port alone: neither path nor query is needed to understand a wait, and either may hold secrets. */
function hostOf(url: string): string | undefined {
  try {
    return new URL(url).host;
  } catch {
    return undefined;
  }
}

/**
 * What failed: a status, or the words of WIT's error codes, which are plain enough (`connection refused`). S3 begins
 * some answers with 200 and tells of the failure in them.
 */
function reasonOf(status: number | undefined, error: unknown): string {
  if (status !== undefined && status >= 400) return `it answered ${status}`;
  if (error instanceof HttpError) return (error.detail?.tag ?? error.kind).replaceAll("-", " ");
  if (error instanceof ObjectStoreError) {
    const answer = error.code ?? error.status;
    if (answer !== undefined) return `it answered ${oneLine(`${answer}`)}`;
  }
  return error instanceof Error ? oneLine(error.message) : "it failed";
}

/** Services write into messages what they like. */
function oneLine(text: string): string {
  return clean(text).replaceAll("\n", " ");
}
