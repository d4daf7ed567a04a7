/** What the engine in a guest cannot do, case by case. */
import type { Without } from "../runtime.ts";

const LOST = "fetch says nothing but that it failed";
const HOLDS = {
  reason: "the engine holds the connection of a request that was given up until the guest ends",
};
const WAITS = { reason: "the engine sends the whole body before it looks at the answer" };

/** Of the connector's list. */
export const CONNECTOR: Without = {
  "a stream is cancelled when no connection is made": WAITS,
  "a stream is cancelled when the server breaks off": WAITS,
  "an unread body can be cancelled, twice": HOLDS,
  "a body that is read into place can be given up": HOLDS,
  "cancelling ends a read under way": HOLDS,
  "cancelling the stream closes the connection": HOLDS,
  "leaving a loop over the stream closes the connection": HOLDS,
  "a body nobody reads is not fetched whole": HOLDS,
  "no head in time is of kind timeout, and the connection is closed": HOLDS,
  "the timers of a request go before those of the client": HOLDS,
  "a body that pauses too long fails (stream)": HOLDS,
  "a body that pauses too long fails (bytes)": HOLDS,
  "a body that pauses too long fails (text)": HOLDS,
  "the timer of the whole request covers the head": HOLDS,
  "the timer of the whole request covers the body": HOLDS,
  "aborting before the head closes the connection": HOLDS,
  "aborting while the body is read closes the connection (bytes)": HOLDS,
  "aborting while the body is read closes the connection (text)": HOLDS,
  "aborting while the body is read closes the connection (stream)": HOLDS,
  "aborting before the body is read closes the connection": HOLDS,
  "aborting while the request body is sent closes the connection": HOLDS,
  "one signal aborts many requests, and the service lives on": HOLDS,
  "an upgrade nobody asked for is an error": LOST,
  "a refused connection is of kind connect": LOST,
  "a name that does not exist is of kind connect": LOST,
  "a reset before the head is of kind interrupted": LOST,
  "a close before the head is of kind interrupted": LOST,
  "what is not HTTP is of kind decode": LOST,
  "a head of 2 MiB is of kind decode": LOST,
};

/** Of the stores' list, over S3. */
export const S3: Without = {
  "a signal ends a put of a stream, which then leaves nothing": "the engine's `pipeTo` takes no signal",
};
