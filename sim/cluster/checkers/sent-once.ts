import type { Checker, Observed } from "./checker.ts";

/** On the wire, before the client filters: a gateway writes events to a subscription in order, and none twice. */
export function sentOnce(): Checker {
  const last = new Map<number, number>();
  return {
    name: "sent-once",
    rule: "a gateway sends each event once to a subscription, in order",
    observes: ["sent"],
    observe(observation) {
      const { connection, partition, sequence } = observation as Observed<"sent">;
      const before = last.get(connection);
      last.set(connection, sequence);
      if (before === undefined || sequence === before + 1) return null;
      return `connection ${connection} to ${partition} was sent event ${sequence} after ${before}`;
    },
  };
}
