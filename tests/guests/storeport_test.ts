/** The list of cases on our host, over both connectors. */
import { fail } from "node:assert/strict";
import type { HttpConnector } from "../../src/http/connector.ts";
import { FetchConnector } from "../../src/http/fetch.ts";
import { NodeHttpConnector } from "../../src/http/node.ts";
import { CHECK_CASES } from "./cases.ts";
import { argsOf, guestPath, judge } from "./hosts.ts";
import { setStage } from "./places.ts";
import { storeportHost } from "./storeport_host.ts";

const CONNECTORS: Readonly<Record<string, new () => HttpConnector>> = { NodeHttpConnector, FetchConnector };

for (const [name, Connector] of Object.entries(CONNECTORS)) {
  Deno.test(`the checks hold on our host over ${name}`, async (t) => {
    const stage = await setStage();
    const host = storeportHost(new Connector());
    try {
      for (const check of CHECK_CASES) {
        // Our host grants no raw sockets.
        if (check.grants?.includes("sockets")) continue;
        if (Connector === FetchConnector && check.notOverFetch !== undefined) continue;
        await t.step(argsOf(check, stage).join(" ").slice(0, 100), async () => {
          const problem = judge(check, stage, await host(guestPath("checks"), check, stage));
          if (problem !== undefined) fail(problem);
        });
      }
    } finally {
      await stage.close();
    }
  });
}
