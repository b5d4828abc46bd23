/** The gauges of a session, from those of its partitions. */

export type Gauges = Readonly<Record<string, number>>;

/** What the partitions do together. Of all else, such as a latency, the highest counts: it is the one that a person should know. */
const SUMMED: ReadonlySet<string> = new Set(["samplesPerSecond", "shed"]);

export function combinedGauges(partitions: readonly Gauges[]): Gauges {
  const combined: Record<string, number> = {};
  for (const gauges of partitions) {
    for (const [name, value] of Object.entries(gauges)) {
      const before = combined[name];
      if (before === undefined) combined[name] = value;
      else combined[name] = SUMMED.has(name) ? before + value : Math.max(before, value);
    }
  }
  return combined;
}
