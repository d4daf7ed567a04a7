/** The lists of cases on our host, over both connectors. */
import { fail } from "node:assert/strict";
import { existsSync } from "node:fs";
import type { HttpConnector } from "../../src/http/connector.ts";
import { FetchConnector } from "../../src/http/fetch.ts";
import { NodeHttpConnector } from "../../src/http/node.ts";
import { CHECK_CASES } from "./cases.ts";
import { guestOf, judge, titleOf } from "./hosts.ts";
import { setStage } from "./places.ts";
import { BIG_PROGRAM_CASES, PROGRAM_CASES } from "./programs.ts";
import { storeportHost } from "./storeport_host.ts";
import "../wasi/generator.ts";

const CONNECTORS: Readonly<Record<string, new () => HttpConnector>> = { NodeHttpConnector, FetchConnector };

for (const [connector, Connector] of Object.entries(CONNECTORS)) {
  for (const [name, cases] of Object.entries({ CHECK_CASES, PROGRAM_CASES, BIG_PROGRAM_CASES })) {
    Deno.test(`${name} hold on our host over ${connector}`, async (t) => {
      const stage = await setStage();
      const host = storeportHost(new Connector());
      try {
        for (const check of cases) {
          if (Connector === FetchConnector && check.notOverFetch !== undefined) continue;
          if (!existsSync(guestOf(check))) {
            console.log(`SKIPPED: guest "${check.guest}" not built`);
            continue;
          }
          await t.step(titleOf(check, stage), async () => {
            const problem = judge(check, stage, await host(check, stage));
            if (problem !== undefined) fail(problem);
          });
        }
      } finally {
        await stage.close();
      }
    });
  }
}
