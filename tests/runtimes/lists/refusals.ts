/** What a platform that lacks something must say, and when: at the call that needs it, by name. */
import { NodeHttpConnector } from "@storeport/storeport/connector";
import { NotSupportedError } from "@storeport/storeport";
import { loadGuest } from "@storeport/storeport/wasi";

/** Calls over `NodeHttpConnector` are refused where there is no `node:http`. */
export async function nodeConnectorRefusal(): Promise<void> {
  const service = new NodeHttpConnector().connect();
  await refused(
    () => service.call({ method: "GET", url: "http://127.0.0.1:9/", headers: [] }),
    /node:http/,
  );
}

/** Guests are refused at load where WebAssembly cannot be suspended, or not compiled. */
export async function hostRefusal(): Promise<void> {
  // A component in name only: it is refused before its bytes are looked at.
  await refused(() => loadGuest(new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0])), /JSPI|compile/);
}

async function refused(action: () => Promise<unknown>, what: RegExp): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof NotSupportedError)) throw error;
    if (!what.test(error.message)) throw new Error(`The refusal does not say ${what}: ${error.message}`);
    return;
  }
  throw new Error("It was not refused");
}
