/** `wasi:io/poll`: what can be waited for, and waiting for the first of many. */
import { Resource } from "../abi/handles.ts";

/** Anything a guest can wait for. Level-triggered: ready for as long as the condition holds. */
export interface Waitable {
  /**
   * Whether an operation on it would do something else than "would block". Asking starts what is needed to become
   * ready: a guest may ask in a loop, or poll it beside something that always is, and never wait.
   */
  ready(): boolean;
  /**
   * Starts what is needed to become ready and calls `wake` when that may have happened. Returns what takes the
   * wish back. Never called while ready.
   */
  wait(wake: () => void): () => void;
  /** Why it can never become ready unless the guest does something else first; `undefined` when it can. */
  stuck?(): string | undefined;
}

/** Why a timer that never ends is stuck. */
export const NEVER = "a timer that never ends";

/** `pollable` */
export class Pollable extends Resource {
  /** What it tells about. */
  readonly source: Waitable;

  /** For `source`; where that is a resource, the caller makes this its child. */
  constructor(source: Waitable) {
    super();
    this.source = source;
  }

  override get light(): boolean {
    return true;
  }
}

/** A set of wake-up calls, each good for one use. */
export class Wakers {
  /** Made when needed: most of what could be waited for never is. */
  #wakers: Set<() => void> | undefined;

  /** Adds one; returns what removes it. */
  add(wake: () => void): () => void {
    const wakers = this.#wakers ??= new Set();
    wakers.add(wake);
    return () => wakers.delete(wake);
  }

  /** Calls all and forgets them. */
  wake(): void {
    const wakers = this.#wakers;
    if (wakers === undefined || wakers.size === 0) return;
    const list = [...wakers];
    wakers.clear();
    for (const wake of list) wake();
  }
}

/** A wait that can be given up. */
export interface Wait {
  /** Resolves when one of the sources may be ready, or the wait was given up. */
  readonly woken: Promise<void>;
  /** Gives it up. */
  cancel(): void;
}

/** Waits until one of `sources` may be ready. No source keeps anything of it afterwards. */
export function waitForAny(sources: readonly Waitable[]): Wait {
  let wake!: () => void;
  const woken = new Promise<void>((resolve) => {
    const cancels: (() => void)[] = [];
    let over = false;
    wake = () => {
      if (over) return;
      over = true;
      for (const cancel of cancels) cancel();
      resolve();
    };
    for (const source of sources) {
      if (over) return;
      const cancel = source.wait(wake);
      // Woken while asking: the loop above did not know this one yet.
      if (over) cancel();
      else cancels.push(cancel);
    }
  });
  return { woken, cancel: wake };
}
