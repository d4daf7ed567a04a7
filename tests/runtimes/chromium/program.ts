/** The program for pages: a function that the driver calls, which reports outcomes by another. */
import type { Assignment, Outcome } from "../assignment.ts";
import { hostTrials } from "../lists/host.ts";
import { runAssignment } from "../lists/run.ts";

declare global {
  /** Runs an assignment; put there by the program. */
  var runAssigned: (assignment: Assignment) => Promise<Outcome[]>;
}

globalThis.runAssigned = (assignment) => Array.fromAsync(runAssignment(assignment, hostTrials));
