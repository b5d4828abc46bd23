/** In which order the jobs of a run begin: those that take long before the others, and what measures time when all others are through. */
export interface InTurn {
  serial: boolean;
  slow: boolean;
}

/** `together` may run at once, in that order; then `alone`, one after the other. */
export function inTurn<T extends InTurn>(jobs: readonly T[]): { together: T[]; alone: T[] } {
  const shared = jobs.filter(({ serial }) => !serial);
  return {
    together: [...shared.filter(({ slow }) => slow), ...shared.filter(({ slow }) => !slow)],
    alone: jobs.filter(({ serial }) => serial),
  };
}
