import type { Checker, Observed } from "./checker.ts";

/** On the wire, before a client's own care: what a gateway writes to one subscription rises, and nothing is written twice. */
export function sentOnce(): Checker {
  const last = new Map<number, number>();
  return {
    name: "sent-once",
    rule: "a gateway sends each event once to a subscription, in order",
    hears: ["sent"],
    observe(observation) {
      const { connection, partition, sequence } = observation as Observed<"sent">;
      const before = last.get(connection);
      last.set(connection, sequence);
      if (before === undefined || sequence === before + 1) return null;
      return `connection ${connection} to ${partition} was sent event ${sequence} behind ${before}`;
    },
  };
}
