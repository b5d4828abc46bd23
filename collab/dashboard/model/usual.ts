/**
 * In which range each channel usually is, as the detectors know it: asked for now and then, because it changes over hours.
 *
 * What lasts is learnt after a while. While an incident goes on, the range before it counts.
 */
import { effect, signal } from "@preact/signals";
import { type Range, usualBefore } from "./incident-words.ts";
import { isOngoing } from "./incidents.ts";
import type { Model } from "./model.ts";

/** Until something is known, and after that. */
const FIRST_MS = 3_000;
const EVERY_MS = 15_000;

interface GroupUsual {
  readonly group: string;
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
}

export class Usual {
  readonly #model: Model;
  readonly #asked = signal<readonly GroupUsual[]>([]);
  readonly #end: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(model: Model) {
    this.#model = model;
    this.#end = effect(() => {
      const ranges = rangesOf(this.#asked.value, model);
      for (const incident of model.incidents.value)
        if (isOngoing(incident)) for (const [key, range] of usualBefore(incident)) ranges.set(key, range);
      model.usual.value = ranges;
      model.usualVersion++;
    });
  }

  start(): void {
    void this.#ask();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#end();
  }

  async #ask(): Promise<void> {
    if (!document.hidden && this.#model.groups.peek().length > 0) {
      const answer = await fetch("api/usual").then(
        (response) => (response.ok ? (response.json() as Promise<{ groups: GroupUsual[] }>) : null),
        () => null,
      );
      if (answer !== null) this.#asked.value = answer.groups;
    }
    const ms = this.#asked.peek().length > 0 ? EVERY_MS : FIRST_MS;
    this.#timer = setTimeout(() => void this.#ask(), ms);
  }
}

function rangesOf(groups: readonly GroupUsual[], model: Model): Map<string, Range> {
  const ranges = new Map<string, Range>();
  for (const { group, low, high } of groups) {
    model.group(group)?.channels.forEach(({ key }, k) => {
      const [from, to] = [low[k] ?? null, high[k] ?? null];
      if (from !== null && to !== null && to > from) ranges.set(key, { low: from, high: to });
    });
  }
  return ranges;
}
