/** What the page and the worker that runs guests say to each other. */

/** How to run a guest. */
export interface RunRequest {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  readonly net: readonly string[];
  /** Milliseconds; none for no limit. */
  readonly timeout?: number;
  /** Bytes of linear memory. */
  readonly memory?: number;
}

/** To the worker. */
export type ToWorker =
  | { readonly type: "inspect"; readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: "run"; readonly run: RunRequest }
  | { readonly type: "stop" }
  /** So many bytes of output have been shown: the guest may write more. */
  | { readonly type: "shown"; readonly bytes: number };

/** What an error is called, and what it says: classes do not survive the way out of a worker. */
export interface Failure {
  readonly name: string;
  readonly message: string;
}

/** An import or export of a guest. */
export interface Interface {
  readonly name: string;
  readonly version?: string;
  /** Whether the host has it; exports are left undecided. */
  readonly provided?: boolean;
}

/** From the worker. */
export type FromWorker =
  | {
    readonly type: "inspected";
    readonly imports: readonly Interface[];
    readonly exports: readonly Interface[];
  }
  | { readonly type: "inspect-failed"; readonly error: Failure }
  | { readonly type: "started"; readonly loadTime: number }
  | { readonly type: "output"; readonly fd: 1 | 2; readonly bytes: Uint8Array }
  | { readonly type: "request"; readonly id: number; readonly method: string; readonly url: string }
  | { readonly type: "response"; readonly id: number; readonly status: number; readonly elapsed: number }
  | { readonly type: "request-end"; readonly id: number; readonly bytes: number; readonly elapsed: number }
  | { readonly type: "request-failed"; readonly id: number; readonly message: string }
  | { readonly type: "denied"; readonly url: string; readonly message: string }
  | { readonly type: "exited"; readonly exitCode: number; readonly elapsed: number }
  | { readonly type: "failed"; readonly error: Failure; readonly elapsed: number };
