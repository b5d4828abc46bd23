import type { WorldEnd } from "../observation.ts";
import type { Checker } from "./checker.ts";
import type { Retelling } from "./retelling.ts";

/** More failures than this within the window stop an actor: what is promised, not what the code says. */
const FAILURES_MAX = 3;
const WINDOW_US = 60_000_000;

/**
 * A failing actor is restarted up to three times within a minute of logical time, then stopped and silent.
 *
 * Read from the events of the log, actor by actor. An actor that was made anew because its settings changed is another one from then on.
 */
export function supervision(): Checker {
  return {
    name: "supervision",
    rule: "an actor that fails more than three times in a minute is stopped, no other is",
    hears: [],
    finish(_end: WorldEnd, { partitions }: Retelling) {
      for (const [partition, { events }] of partitions) {
        const failures = new Map<string, number[]>();
        const stopped = new Set<string>();
        for (const { kind, actor, group, timeUs, sequence, detail } of events) {
          const key = `${group}/${actor}`;
          const where = `event ${sequence} of ${partition}`;
          if (kind === "config.changed") {
            const section = String(detail["path"]).split(".")[0]!;
            for (const known of [...failures.keys(), ...stopped])
              if (section === "seed" || known.endsWith(`/${section}`)) {
                failures.delete(known);
                stopped.delete(known);
              }
          }
          if (stopped.has(key)) return `${where} is of ${key}, which was stopped`;
          if (actor === "front" || (kind !== "actor.restarted" && kind !== "actor.stopped")) continue;
          const within = [...(failures.get(key) ?? []), timeUs].filter((at) => at > timeUs - WINDOW_US);
          failures.set(key, within);
          const wanted = within.length > FAILURES_MAX ? "actor.stopped" : "actor.restarted";
          if (kind !== wanted)
            return `${where} is ${kind} of ${key} at its failure ${within.length} in a minute`;
          if (kind === "actor.stopped") stopped.add(key);
        }
      }
      return null;
    },
  };
}
