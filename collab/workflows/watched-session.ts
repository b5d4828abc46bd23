/** What automatic steps of workflows look at: the partitions of a session as they are now. */
import { groupsLearning, openIncidents, type Partition } from "../../actors/mod.ts";

export interface WatchedSession {
  feeds(): readonly WatchedFeed[];
  groups(): readonly WatchedGroup[];
  /** Incidents that are open. */
  incidents(): number;
  /** Counts rows from now on. */
  countRows(): RowCount;
}

export interface WatchedFeed {
  readonly source: string;
  readonly status: string;
  readonly detail: string;
}

export interface WatchedGroup {
  readonly group: string;
  /** It has not learnt yet what is usual. */
  readonly isLearning: boolean;
}

export interface RowCount {
  /** Of the group that has had most: samples of a channel. */
  rows(): number;
  stop(): void;
}

export function watchPartitions(partitions: readonly Partition[]): WatchedSession {
  return {
    feeds: () => partitions.flatMap((partition) => partition.describe().feeds),
    groups: () =>
      partitions.flatMap(({ core }) => {
        const learning = new Set(groupsLearning(core));
        return core.declarations().map(({ group }) => ({ group, isLearning: learning.has(group) }));
      }),
    incidents: () => partitions.reduce((sum, { core }) => sum + openIncidents(core), 0),
    countRows: () => {
      const samplesOf = new Map<string, { samples: number; channels: number }>();
      const stops = partitions.map((partition) =>
        partition.subscribe({
          frame: ({ frame: { group, count } }) => {
            const { samples } = samplesOf.get(group) ?? { samples: 0 };
            samplesOf.set(group, { samples: samples + count, channels: partition.core.channelsOf(group) });
          },
        }),
      );
      return {
        rows: () =>
          Math.max(
            0,
            ...[...samplesOf.values()].map(({ samples, channels }) =>
              Math.floor(samples / Math.max(1, channels)),
            ),
          ),
        stop: () => {
          for (const stop of stops) stop();
        },
      };
    },
  };
}
