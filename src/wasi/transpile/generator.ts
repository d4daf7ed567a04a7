/** What of jco's generator is used. */
export interface Generator {
  /** Resolves when it is ready. */
  readonly $init: PromiseLike<unknown>;
  /** Transpiles; throws what the tool found wrong. */
  generate(component: Uint8Array, options: Record<string, unknown>): {
    readonly files: readonly (readonly [name: string, bytes: Uint8Array])[];
  };
}
