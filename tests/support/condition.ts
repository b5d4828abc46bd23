/**
 * Waits until what a test expects holds. It has no limit of time, for a machine may be slow: the runner ends a file that hangs, and then shows
 * what it was waiting for.
 *
 *     const { look, until } = condition();
 *     client.onEvent(look);
 *     await until(() => client.events === 3);
 */

/** Longer than any wait on an idle machine. */
const NAMED_AFTER_MS = 10_000;

export interface Condition {
  /** To be called whenever something has changed. */
  look(): void;
  /** Resolves when `holds()` is true, now or at a look. A later one takes its place. */
  until(holds: () => boolean): Promise<void>;
}

export function condition(): Condition {
  let look: () => void = () => {};
  return {
    look: () => look(),
    until: (holds) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => console.error(`still waiting until ${holds}`), NAMED_AFTER_MS);
        const settle = (end: () => void): void => {
          clearTimeout(late);
          look = () => {};
          end();
        };
        look = () => {
          try {
            if (holds()) settle(resolve);
          } catch (error) {
            settle(() => reject(error));
          }
        };
        look();
      }),
  };
}

/** How many turns of at least 10 ms the event loop makes until then. A machine on which everything takes longer makes no more of them. */
export async function turnsUntil(end: Promise<void>): Promise<number> {
  let turns = 0;
  let hasEnded = false;
  const ended = end.then(() => {
    hasEnded = true;
  });
  for (; !hasEnded; turns++) await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 10))]);
  return turns;
}
