/** Where things are kept between runs; none of it is in version control. */
import { join } from "node:path";

/** The checkout. */
export const ROOT: string = new URL("../..", import.meta.url).pathname;

/** Runtimes and tools that the runs install, and what they build. */
export const CACHE: string = join(ROOT, ".cache", "runtimes");
