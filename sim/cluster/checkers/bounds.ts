import type { Checker, Observed } from "./checker.ts";

/** Every queue and buffer has a named limit and stays below it under every fault. */
export function bounds(): Checker {
  return {
    name: "bounds",
    rule: "queues and memory stay within their bounds",
    observes: ["size"],
    observe(observation) {
      const { node, what, value, limit } = observation as Observed<"size">;
      return value <= limit ? null : `${what} of ${node} is ${value}; expected at most ${limit}`;
    },
  };
}
