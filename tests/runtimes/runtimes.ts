/** Every runtime that the lists run on. */
import { bun } from "./bun/runtime.ts";
import { chromium } from "./chromium/runtime.ts";
import { deno } from "./deno/runtime.ts";
import { firefox } from "./firefox/runtime.ts";
import { guest } from "./guest/runtime.ts";
import { nodes } from "./node/runtime.ts";
import type { Runtime } from "./runtime.ts";
import { workerd } from "./workerd/runtime.ts";

/** In the order of the table. */
export const RUNTIMES: readonly Runtime[] = [deno, ...nodes, bun, workerd, chromium, firefox, guest];
