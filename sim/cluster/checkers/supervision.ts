import type { Checker } from "./checker.ts";
import type { WorldEnd } from "./observation.ts";
import type { Renewal, ReplayedLog } from "./reference-replay.ts";
import type { ReplayedLogs } from "./replayed-logs.ts";

/** More failures than this within the window stop an actor. The promise, stated independently of the code. */
const FAILURES_MAX = 3;
const WINDOW_US = 60_000_000;

/**
 * A failing actor is restarted up to three times within a minute of logical time, then stopped; after that it is silent.
 *
 * Read from the events of the log, actor by actor. An actor that is recreated because its settings changed starts with no failures.
 */
export function supervision(): Checker {
  return {
    name: "supervision",
    rule: "an actor that fails more than three times in a minute is stopped, no other is",
    observes: [],
    finish(_end: WorldEnd, { partitions }: ReplayedLogs) {
      for (const [partition, replayed] of partitions) {
        const wrong = firstWrong(replayed);
        if (wrong !== null) return `${partition}: ${wrong}`;
      }
      return null;
    },
  };
}

function firstWrong({ events, renewals }: ReplayedLog): string | null {
  /** By group and actor. */
  const failures = new Map<string, number[]>();
  const stopped = new Set<string>();
  let renewed = 0;
  for (const [index, { kind, actor, group, timeUs, sequence }] of events.entries()) {
    for (; renewed < renewals.length && renewals[renewed]!.events <= index; renewed++)
      forget(renewals[renewed]!);
    const key = `${group}/${actor}`;
    if (stopped.has(key)) return `event ${sequence} is of ${key}, which was stopped`;
    // Row assembly ("front") is replaced as often as it fails: nothing else can feed the group.
    if (actor === "front" || (kind !== "actor.restarted" && kind !== "actor.stopped")) continue;
    const within = [...(failures.get(key) ?? []), timeUs].filter((at) => at > timeUs - WINDOW_US);
    failures.set(key, within);
    const expected = within.length > FAILURES_MAX ? "actor.stopped" : "actor.restarted";
    if (kind !== expected)
      return `event ${sequence} is ${kind} of ${key} at its failure ${within.length} in a minute`;
    if (kind === "actor.stopped") stopped.add(key);
  }
  return null;

  function forget({ group, actor }: Renewal): void {
    for (const key of [...failures.keys()]) {
      if (group !== null && !key.startsWith(`${group}/`)) continue;
      if (actor !== null && !key.endsWith(`/${actor}`)) continue;
      failures.delete(key);
      stopped.delete(key);
    }
  }
}
