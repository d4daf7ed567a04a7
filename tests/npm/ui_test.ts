/**
 * The web page from the package: `storeport gateway --ui` serves it whole, from an installation without its sources.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { firstLine } from "../runtimes/lines.ts";
import { project } from "../runtimes/project.ts";
import { startCommand } from "./tools.ts";

for (const line of [22, 24, 26] as const) {
  Deno.test(`storeport gateway --ui serves the page on Node ${line}`, async () => {
    const folder = await project("stores");
    const args = ["gateway", "memory:///", "--ui", "--addr", "127.0.0.1:0", "--json"];
    const gateway = await startCommand(line, args, folder);
    try {
      const { url, ui } = JSON.parse(await firstLine(gateway.stdout)) as { url: string; ui: string };
      const page = await fetch(ui);
      assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
      assert.match(await page.text(), /<title>storeport/i);
      const built = join(folder, "node_modules/@storeport/storeport/ui");
      const names = Array.from(Deno.readDirSync(built), ({ name }) => name);
      assert.ok(names.includes("main.js") && names.includes("guest_worker.js"), names.join());
      for (const name of names) {
        const response: Response = await fetch(ui + name);
        assert.equal(response.status, 200, name);
        assert.deepEqual(await response.bytes(), await Deno.readFile(join(built, name)), name);
      }
      assert.equal((await (await fetch(`${ui}gateway.json`)).json()).store, "../");
      // The gateway beside the page is the store's.
      const put = await fetch(`${url}/a.txt`, { method: "PUT", body: "a" });
      assert.equal(put.status, 201);
      await put.body?.cancel();
      assert.equal(await (await fetch(`${url}/a.txt`)).text(), "a");
    } finally {
      gateway.kill("SIGTERM");
      await gateway.status;
    }
  });
}
