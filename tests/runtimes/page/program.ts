/** The program for pages: a function that the driver calls, which reports outcomes by another. */
import type { Assignment, Outcome } from "../assignment.ts";
import { hostTrials } from "../lists/host.ts";
import { runAssignment } from "../lists/run.ts";

/** What the driver finds in the page. */
export interface Program {
  /** Runs an assignment; errors that nothing in the page caught count as failures. */
  runAssigned(assignment: Assignment): Promise<Outcome[]>;
}

const unheard: Outcome[] = [];
const note = (error: unknown): void => {
  unheard.push({ name: "no error goes unheard", error: String(error) });
};
// Asked for here, and not of the driver: Firefox tells it of requests that failed as of errors in scripts.
addEventListener("error", ({ error, message }) => note(error ?? message));
addEventListener("unhandledrejection", ({ reason }) => note(reason));

(globalThis as unknown as Program).runAssigned = async (assignment) => [
  ...await Array.fromAsync(runAssignment(assignment, hostTrials)),
  ...unheard,
];
