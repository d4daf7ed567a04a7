/** A page in Chromium. */
import { HOST, STORES } from "../page/exceptions.ts";
import { startPages } from "../page/runtime.ts";
import type { Runtime } from "../runtime.ts";
import { startBrowser } from "./browser.ts";
import { CONNECTOR } from "./exceptions.ts";

export const chromium: Runtime = {
  name: "Chromium",
  connectors: {
    fetch: {
      features: ["extension-methods", "latin1-headers"],
      without: CONNECTOR,
      stores: STORES,
      // It sends CORS headers, and shows those that are S3's.
      s3Server: "minio",
      s3: STORES,
    },
  },
  host: { without: HOST },
  start: () => startPages(startBrowser),
};
