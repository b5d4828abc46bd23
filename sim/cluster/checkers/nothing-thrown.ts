import type { Checker, Observed } from "./checker.ts";

/** Shipped code handles every fault from outside: an error that nothing catches would end a real process. */
export function nothingThrown(): Checker {
  return {
    name: "nothing-thrown",
    rule: "shipped code throws no error that nothing catches",
    observes: ["threw"],
    observe(observation) {
      const { where, error } = observation as Observed<"threw">;
      return `${where} threw: ${error}`;
    },
  };
}
