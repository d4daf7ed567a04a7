/** The subcommands, in the order in which help shows them. To add one, add its file and a line here. */
import type { Subcommand } from "../context.ts";
import { cat } from "./cat.ts";
import { cp } from "./cp.ts";
import { gateway } from "./gateway.ts";
import { get } from "./get.ts";
import { inspect } from "./inspect.ts";
import { ls } from "./ls.ts";
import { mv } from "./mv.ts";
import { put } from "./put.ts";
import { rm } from "./rm.ts";
import { run } from "./run.ts";
import { sign } from "./sign.ts";
import { serve } from "./serve.ts";
import { stat } from "./stat.ts";
import { sync } from "./sync.ts";

/** See the file's head. */
export const SUBCOMMANDS: readonly Subcommand[] = [
  ls,
  cat,
  get,
  put,
  cp,
  mv,
  rm,
  stat,
  sync,
  sign,
  gateway,
  run,
  serve,
  inspect,
];
