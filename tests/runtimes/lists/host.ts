/** The host's cases, as the other lists have theirs. */
import { hostCases, withEnv } from "../../wasi/cases/mod.ts";

/** All of them; names tell the area. */
export function hostTrials(): Promise<{ name: string; run(): Promise<unknown> }[]> {
  return Promise.resolve(
    Object.entries(hostCases).flatMap(([area, cases]) =>
      cases.map(({ name, run }) => ({ name: `${area}: ${name}`, run: () => withEnv(run) }))
    ),
  );
}
