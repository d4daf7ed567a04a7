/** What the lists need of a browser; playwright-core has it. */

/** As much of playwright's page as is used. */
export interface Page {
  goto(url: string): Promise<unknown>;
  evaluate<R, A>(action: (argument: A) => R | Promise<R>, argument: A): Promise<R>;
  close(): Promise<void>;
}

/** A browser that runs. */
export interface Browser {
  readonly version: string;
  /** A page that shares nothing with others: no cookies, no cache. */
  newPage(): Promise<Page>;
  /** Ends its processes and removes its profile. */
  close(): Promise<void>;
}

/** As much of playwright's browser as is used. */
export interface PlaywrightBrowser {
  version(): string;
  newContext(): Promise<{ newPage(): Promise<Page> }>;
  close(): Promise<void>;
}

/** A browser that playwright drives. `cleanUp` removes what it leaves behind. */
export function driven(browser: PlaywrightBrowser, cleanUp: () => Promise<void>): Browser {
  return {
    version: browser.version(),
    async newPage() {
      return await (await browser.newContext()).newPage();
    },
    async close() {
      await browser.close();
      await cleanUp();
    },
  };
}
