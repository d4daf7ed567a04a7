/** The program for workerd: an assignment as the body of a request, outcomes as lines of the answer. */
import type { Assignment } from "../assignment.ts";
import { OUTCOME } from "../lines.ts";
import { runAssignment } from "../lists/run.ts";

/** The worker. */
export default {
  async fetch(request: Request): Promise<Response> {
    const assignment = await request.json() as Assignment;
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const write = async () => {
      const writer = writable.getWriter(), encoder = new TextEncoder();
      try {
        for await (const outcome of runAssignment(assignment)) {
          await writer.write(encoder.encode(`${OUTCOME}${JSON.stringify(outcome)}\n`));
        }
        await writer.close();
      } catch (error) {
        await writer.abort(error);
      }
    };
    // A worker lives for as long as its answer.
    void write();
    return new Response(readable);
  },
};
