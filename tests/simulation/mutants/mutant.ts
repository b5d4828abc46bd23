/** One deliberate bug: a patch of a shipped file. */
export interface Mutant {
  readonly name: string;
  /** What goes wrong, in one sentence. */
  readonly bug: string;
  /** Path from the root of the checkout. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}
