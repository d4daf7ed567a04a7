/** Hooks of callers. */

/** Calls a hook. One that throws disturbs nothing: neither the guest nor whoever is told next. */
export function quietly(hook: () => void): void {
  try {
    hook();
  } catch {
    // Nobody is there to be told.
  }
}
