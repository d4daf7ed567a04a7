/** Making instances for a pool, by putting spent ones back to their start where that can be done. */
import type { OwnGrants } from "../capabilities.ts";
import type { GuestCode } from "../module.ts";
import { keepStart } from "../rewind.ts";
import type { Running, Start } from "../running.ts";
import { type Handler, handlerOf } from "./call.ts";
import { ServeFailure } from "./failure.ts";
import type { InstanceGate } from "./gate.ts";

/** An instance that can serve. */
export interface MadeInstance {
  /** The instance. */
  readonly running: Running;
  /** What it serves with. */
  readonly handler: Handler;
  /**
   * Another instance in the place of this one, whose guest has returned and which has been closed; `undefined` where
   * one must be made.
   */
  again(number: number, gate: InstanceGate): MadeInstance | undefined;
}

/** Makes an instance with that number, whose requests pass `gate`. */
export type MakeInstance = (number: number, gate: InstanceGate) => Promise<MadeInstance>;

/** What an instance with a number has for itself. */
export type OwnOf = (number: number) => Omit<OwnGrants, "gate">;

/** Makes instances with `starter`, which is asked once unless it fails. */
export function instanceMaker(code: GuestCode, starter: () => Promise<Start>, ownOf: OwnOf): MakeInstance {
  let starting: Promise<Start> | undefined;
  return async (number, gate) => {
    if (starting === undefined) {
      starting = starter();
      starting.catch(() => starting = undefined);
    }
    const running = await (await starting)({ ...ownOf(number), gate });
    const handler = handlerOf(running);
    if (handler === undefined) {
      running.close();
      throw new ServeFailure("start", "The guest has no handler of HTTP requests");
    }
    const rewind = running.instance.calls === 0 ? keepStart(code, running.exports) : undefined;
    const made = (running: Running): MadeInstance => ({
      running,
      handler,
      again: (number, gate) =>
        rewind?.() === true ? made(running.next({ ...ownOf(number), gate })) : undefined,
    });
    return made(running);
  };
}
