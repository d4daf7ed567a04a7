/** The contract of connectors, which make services. */
import type { ClientOptions } from "./options.ts";
import type { HttpService } from "./service.ts";

/** Makes services: the seam where another HTTP implementation is plugged in. */
export interface HttpConnector {
  /** A service with these options, whose connections are its own. */
  connect(options?: ClientOptions): HttpService;
}
