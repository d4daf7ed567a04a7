/** The program for pages: a function that the driver calls, which reports outcomes by another. */
import type { Assignment, Outcome } from "../assignment.ts";
import { hostTrials } from "../lists/host.ts";
import { runAssignment } from "../lists/run.ts";

/** What the driver finds in the page. */
export interface Program {
  /** Runs an assignment. */
  runAssigned(assignment: Assignment): Promise<Outcome[]>;
}

(globalThis as unknown as Program).runAssigned = (assignment) =>
  Array.fromAsync(runAssignment(assignment, hostTrials));
