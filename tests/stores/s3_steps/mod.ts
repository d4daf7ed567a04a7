/** What S3 is beside a store, as steps for real servers. */
import { BUCKET } from "./bucket.ts";
import { INTEROP } from "./interop.ts";
import type { Steps } from "./round.ts";
import { UPLOADS } from "./uploads.ts";
import { URLS } from "./urls.ts";

export type { Round, Steps } from "./round.ts";

/** Every step, by its name. */
export const STEPS: Steps = { ...URLS, ...INTEROP, ...UPLOADS, ...BUCKET };
