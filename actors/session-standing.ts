/** How far a session has come, as people and workflows ask for it: feeds, what is still being learnt, and which incidents are open. */
import type { SessionStanding } from "../protocol/controls.ts";
import type { Core } from "./core/core.ts";
import { listIncidents } from "./list-alerts.ts";
import type { Partition } from "./partition/partition.ts";

/** Actors that alarm nobody until they have learnt what is usual. */
const LEARNING_ACTORS = ["collapse", "anomaly"];

const LEARNING = "warming";

/** Of partitions that run in this process. */
export function standingOf(partitions: readonly Partition[]): SessionStanding {
  return mergedStandings(partitions.map(standingOfOne));
}

/** That of a session of several partitions. */
export function mergedStandings(all: readonly SessionStanding[]): SessionStanding {
  return {
    feeds: all.flatMap(({ feeds }) => feeds),
    groups: all.flatMap(({ groups }) => groups),
    incidents: all.reduce((sum, { incidents }) => sum + incidents, 0),
  };
}

function standingOfOne(partition: Partition): SessionStanding {
  const { core } = partition;
  const learning = new Set(groupsLearning(core));
  return {
    feeds: partition.describe().feeds,
    groups: core.declarations().map(({ group, channels }) => ({
      group,
      isLearning: learning.has(group),
      rows: Math.floor(partition.samplesOfGroup(group) / Math.max(1, channels.length)),
    })),
    incidents: listIncidents(core).filter(({ state }) => state === "open").length,
  };
}

/** Groups with an actor that has not learnt yet what is usual. */
function groupsLearning(core: Core): string[] {
  return LEARNING_ACTORS.flatMap((name) => [...core.modesOf(name)])
    .filter(([, mode]) => mode === LEARNING)
    .map(([group]) => group);
}
