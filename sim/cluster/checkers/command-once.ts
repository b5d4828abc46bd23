import type { StoredLogs } from "./admitted-log.ts";
import type { Checker, Observed } from "./checker.ts";
import type { ReplayedInput } from "./reference-replay.ts";

/** A command that a gateway passed on is in the log as often as its gateway reports: once, never, or, where it cannot know, at most once. */
export function commandOnce(stored: StoredLogs): Checker {
  const reported = new Map<string, Observed<"commanded">["happened"]>();
  const counts = new Map<string, number>();
  return {
    name: "command-once",
    rule: "a command that is passed on is carried out at most once, and as reported",
    observes: ["commanded"],
    observe(observation) {
      const { partition, author, happened } = observation as Observed<"commanded">;
      reported.set(`${partition}/${author}`, happened);
      return null;
    },
    replayed({ partition, sequence, input }: ReplayedInput) {
      if (input.type !== "configChanged" && input.type !== "command") return null;
      const author = typeof input.author === "string" ? input.author : input.author.id;
      const key = `${partition}/${author}`;
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      return count === 1 || input.command === undefined || stored.lossy.has(partition)
        ? null
        : `input ${sequence} of ${partition} is command ${input.command} of ${author} again`;
    },
    finish() {
      for (const [key, happened] of reported) {
        // Servers that forget take promises with them.
        if (happened === "perhaps" || stored.lossy.has(key.slice(0, key.indexOf("/")))) continue;
        const isThere = counts.has(key);
        if (isThere !== (happened === "yes"))
          return `the command of ${key} is ${isThere ? "" : "not "}in the log; its gateway reported: ${happened}`;
      }
      return null;
    },
  };
}
