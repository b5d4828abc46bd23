import type { Checker, Observed } from "./checker.ts";

/** A fault from outside is answered, never thrown past everybody: what escapes would end a real process. */
export function nothingThrown(): Checker {
  return {
    name: "nothing-thrown",
    rule: "shipped code throws nothing that nobody catches",
    hears: ["threw"],
    observe(observation) {
      const { where, error } = observation as Observed<"threw">;
      return `${where} threw: ${error}`;
    },
  };
}
