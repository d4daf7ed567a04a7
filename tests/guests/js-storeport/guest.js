// storeport itself inside a guest: its stores over the engine's `fetch`, which the host carries.
import "./engine.js";
import { openStore } from "../../../mod.ts";
import { storeCases } from "../../../src/store/conformance/mod.ts";
import { commandOf } from "../js_command.js";

const USAGE = `conformance URL [LACKS [PART-SIZE [FILTER]]]   the conformance list on the store of a URL;
                                    LACKS: features it does not have, comma-separated
put URL TEXT                        put the text at the URL's path
get URL                             the object at the URL's path
list URL                            objects below the URL's path`;

const commands = {
  async conformance(url, lacks = "", partSize = "1024", filter = "") {
    const { store } = await openStore(url);
    const context = { store, lacks: lacks.split(",").filter(Boolean), minPartSize: Number(partSize) };
    let failed = 0, passed = 0;
    for (const { name, run } of storeCases) {
      if (!name.includes(filter)) continue;
      try {
        await run(context);
        passed++;
        console.log(`ok ${name}`);
      } catch (error) {
        failed++;
        console.log(`failed ${name}: ${error?.name}: ${error?.message}`);
      }
    }
    console.log(`passed ${passed}`);
    console.log(`failed ${failed}`);
    if (failed > 0) throw new Error(`${failed} cases failed`);
  },

  async put(url, text) {
    const { store, path } = await openStore(url);
    const { eTag } = await store.put(path, text);
    console.log(`e-tag ${eTag}`);
  },

  async get(url) {
    const { store, path } = await openStore(url);
    console.log(await (await store.get(path)).text());
  },

  async list(url) {
    const { store, path } = await openStore(url);
    for await (const { location, size } of store.list(path)) console.log(`${location} ${size}`);
  },
};

export const run = commandOf(commands, USAGE);
