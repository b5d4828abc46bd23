/**
 * A journal whose acknowledgements wait as long as a test says. What is appended is stored at once.
 *
 *     const release = journal.hold();
 *     …                                      nothing is acknowledged
 *     release();                             or release(new Error("disk full")): what is held fails
 */
import type { Journal } from "../../actors/ports/journal.ts";

export type HeldJournal<J extends Journal = Journal> = J & {
  /** Holds back acknowledgements until the returned function is called; with an error, the held ones fail. */
  hold(): (error?: Error) => void;
  /** Resolves when a block has been held back since `hold`. */
  reached(): Promise<void>;
};

export function holdable<J extends Journal>(journal: J): HeldJournal<J> {
  const append = journal.append.bind(journal);
  let held = Promise.resolve();
  let reached = Promise.resolve();
  let reach = () => {};
  return Object.assign(journal, {
    async append(block: Parameters<Journal["append"]>[0]) {
      await append(block);
      reach();
      await held;
    },
    reached: () => reached,
    hold() {
      reached = new Promise((resolve) => {
        reach = resolve;
      });
      let release: (error?: Error) => void = () => {};
      held = new Promise((resolve, reject) => {
        release = (error) => (error === undefined ? resolve() : reject(error));
      });
      held.catch(() => {});
      return release;
    },
  });
}
