/**
 * Publishes the feeds of a node for a session of several partitions: each group goes to its partition, by the rule that all nodes have.
 *
 *   feed ─► division ─┬─ groups of p0 ─► subjects of p0 ─► owner of p0
 *                     └─ groups of p1 ─► subjects of p1 ─► owner of p1
 */
import { placementOf } from "../../actors/cluster/mod.ts";
import { divideFeeds, publishFeed } from "../../actors/feeds/mod.ts";
import type { Feed } from "../../actors/mod.ts";

type Place = Omit<Parameters<typeof publishFeed>[1], "partition" | "divided">;

export interface PublishedPart {
  readonly source: string;
  /** Resolves when the feed has ended and what is delivered once of it is durable in this partition; rejects when the feed fails. */
  readonly ended: Promise<void>;
}

export function publishDivided(
  feeds: readonly Feed[],
  partitions: readonly string[],
  place: Place,
  placement: (group: string) => string = placementOf(partitions),
): PublishedPart[] {
  const [only] = partitions;
  if (partitions.length === 1)
    return feeds.map((feed) => ({
      source: feed.source,
      ended: publishFeed(feed, { ...place, partition: only! }),
    }));
  const divided = divideFeeds(feeds, partitions, placement);
  return partitions.flatMap((partition) =>
    divided.get(partition)!.map((part) => ({
      source: part.source,
      ended: publishFeed(part, { ...place, partition, divided: true }),
    })),
  );
}
