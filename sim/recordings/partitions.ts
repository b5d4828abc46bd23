/**
 * A recording of several partitions, as commands read it: each by itself where it is a chain, merged where people look.
 *
 * Logical time orders within a partition only. Between partitions the order is (time, partition, place in the partition): total, and the same
 * for everybody.
 */
import { report } from "../../actors/command-line/terminal.ts";
import { type PartitionFolder, recordedPartitions } from "../../actors/mod.ts";

/** Whether the folder lies within another: then it is named where its files are. */
export function prefixOf(folder: PartitionFolder, recording: string): string {
  return folder.directory === recording
    ? ""
    : `${folder.directory.slice(recording.replace(/\/+$/, "").length + 1)}/`;
}

/** For commands that read one partition: says on standard error which it is, where there are others. */
export async function reportOtherPartitions(recording: string): Promise<void> {
  const [first, ...others] = await recordedPartitions(recording);
  if (others.length === 0) return;
  const folders = others.map(({ directory }) => directory).join(", ");
  report(
    `${recording} holds several partitions: this is ${first.partition}; name a folder for another: ${folders}`,
  );
}

/** Items of several partitions, in the order of the lists at equal times. Each list is in order of time already. */
export async function* mergedByTime<T extends { readonly timeUs: number }>(
  lists: readonly (AsyncIterable<T> | Iterable<T>)[],
): AsyncGenerator<T> {
  const iterators = lists.map(async function* (list) {
    yield* list;
  });
  try {
    const heads = await Promise.all(iterators.map((iterator) => iterator.next()));
    for (;;) {
      let earliest = -1;
      for (const [k, head] of heads.entries())
        if (!head.done && (earliest < 0 || head.value.timeUs < (heads[earliest]!.value as T).timeUs))
          earliest = k;
      if (earliest < 0) return;
      yield heads[earliest]!.value as T;
      heads[earliest] = await iterators[earliest]!.next();
    }
  } finally {
    for (const iterator of iterators) await iterator.return?.();
  }
}
