/**
 * What a person looks at: the stretch of time, the cursor, the chosen channels and group. One for all charts, so that they move together.
 */
import { computed, effect, signal } from "@preact/signals";
import type { TimeWindow } from "../../charts/time-chart.ts";
import { type Channel, type Group, type Model, type Moment, momentOf } from "./model.ts";

/** Closest zoom: at 1,000 samples a second a hundred of them. */
const SHORTEST_US = 100_000;
/** The coarsest level of a series reaches this far back. */
const LONGEST_US = 4 * 3600e6;

export const SPANS_US = [
  { label: "10s", us: 10e6 },
  { label: "1m", us: 60e6 },
  { label: "5m", us: 300e6 },
  { label: "15m", us: 900e6 },
  { label: "1h", us: 3600e6 },
] as const;

/** People cannot distinguish more lines than this by colour. */
export const MOST_LINES = 8;

export class View {
  readonly spanUs = signal(60e6);
  /** Right edge while not following; null = follow the newest sample. */
  readonly frozenEndUs = signal<number | null>(null);
  /** Time under the pointer or the keyboard's cursor. */
  readonly hoverUs = signal<number | null>(null);
  /** A chosen moment, such as that of an event: stays until released. */
  readonly pinnedUs = signal<number | null>(null);
  readonly cursorUs = computed(() => this.hoverUs.value ?? this.pinnedUs.value);
  readonly following = computed(() => this.frozenEndUs.value === null);
  readonly filter = signal("");
  readonly chosen = signal<readonly string[]>([]);
  readonly groupName = signal("");
  /** The id of an event. */
  readonly openEvent = signal<string | null>(null);
  readonly matrixScale = signal<"coherence" | "density">("density");
  readonly help = signal(false);
  /** The open dialog. */
  readonly dialog = signal<"inject" | "whatIf" | "thresholds" | null>(null);
  /** Read out by screen readers when they have nothing more urgent. */
  readonly announcement = signal("");
  /** Counts every change of the above: canvases compare it. */
  version = 0;
  /** The same, as charts over time see it. */
  readonly window: TimeWindow = {
    endUs: () => this.endUs,
    lengthUs: () => this.spanUs.peek(),
    cursorUs: () => this.cursorUs.peek(),
    version: () => this.version,
    // While the picture stands still, arriving data do not change it.
    dataVersion: () => (this.following.peek() ? this.#model.version : 0),
    zoom: (factor, shareFromLeft) => this.zoom(factor, shareFromLeft),
    panUs: (us) => this.panUs(us),
    pause: () => this.pause(),
    follow: () => this.follow(),
    moveCursor: (timeUs) => {
      this.hoverUs.value = timeUs;
    },
    announce: (text) => {
      this.announcement.value = text;
    },
  };
  readonly #model: Model;
  #hasChosen = false;

  constructor(model: Model) {
    this.#model = model;
    effect(() => {
      this.spanUs.value;
      this.frozenEndUs.value;
      this.cursorUs.value;
      this.chosen.value;
      this.groupName.value;
      this.matrixScale.value;
      this.version++;
    });
    effect(() => {
      // A recorded session moved: the frozen or pinned moment may be gone.
      if (model.rewinds.value > 0) this.follow();
    });
    effect(() => {
      const groups = model.groups.value;
      const known = groups.some((group) => group.name === this.groupName.peek());
      if (!known && groups[0] !== undefined) this.groupName.value = groups[0].name;
      if (!this.#hasChosen) this.chosen.value = firstChoice(groups);
    });
  }

  get endUs(): number {
    return this.frozenEndUs.peek() ?? this.#model.headUs;
  }

  get group(): Group | undefined {
    return this.#model.group(this.groupName.value);
  }

  /** The joint state to show: at the cursor, at the frozen right edge, or the latest. */
  get moment(): Moment | null {
    const joint = this.#model.group(this.groupName.peek())?.joint;
    return joint === undefined ? null : momentOf(joint, this.cursorUs.peek() ?? this.frozenEndUs.peek());
  }

  get channels(): Channel[] {
    return this.chosen.value.flatMap((key) => this.#model.channelsByKey.get(key) ?? []);
  }

  /** Between ρ and the coherence of pairs. */
  toggleMatrixScale(): void {
    this.matrixScale.value = this.matrixScale.value === "density" ? "coherence" : "density";
  }

  toggleChannel(key: string): void {
    this.#hasChosen = true;
    const chosen = this.chosen.value;
    if (chosen.includes(key)) this.chosen.value = chosen.filter((other) => other !== key);
    else this.chosen.value = [...chosen, key].slice(-MOST_LINES);
  }

  follow(): void {
    this.frozenEndUs.value = null;
    this.pinnedUs.value = null;
  }

  pause(): void {
    if (this.frozenEndUs.value === null && !Number.isNaN(this.#model.headUs))
      this.frozenEndUs.value = this.#model.headUs;
  }

  togglePause(): void {
    if (this.following.value) this.pause();
    else this.follow();
  }

  setSpan(us: number): void {
    this.spanUs.value = clampSpan(us);
  }

  /** Zooms by `factor` (> 1 shows more). The time at `shareFromLeft` of the picture stays in place; while following, the right edge does. */
  zoom(factor: number, shareFromLeft = 1): void {
    const before = this.spanUs.value;
    const after = clampSpan(before * factor);
    if (this.frozenEndUs.value !== null) {
      const fixedUs = this.frozenEndUs.value - before * (1 - shareFromLeft);
      this.frozenEndUs.value = fixedUs + after * (1 - shareFromLeft);
    }
    this.spanUs.value = after;
  }

  /** Moves the picture. Follows again when it reaches the newest sample. */
  panUs(us: number): void {
    if (Number.isNaN(this.#model.headUs)) return;
    const end = this.endUs + us;
    if (end >= this.#model.headUs) this.frozenEndUs.value = null;
    else this.frozenEndUs.value = end;
  }

  /** Shows the moment with two thirds of the picture before it, and keeps the cursor there. */
  jumpTo(timeUs: number): void {
    this.pinnedUs.value = timeUs;
    const end = timeUs + this.spanUs.value / 3;
    this.frozenEndUs.value = Math.min(end, this.#model.headUs);
  }

  nextGroup(): void {
    const groups = this.#model.groups.value;
    const at = groups.findIndex((group) => group.name === this.groupName.value);
    const next = groups[(at + 1) % groups.length];
    if (next !== undefined) this.groupName.value = next.name;
  }
}

function clampSpan(us: number): number {
  return Math.min(LONGEST_US, Math.max(SHORTEST_US, us));
}

/** The default choice: up to four channels of the first unit and two of the next, so that the chart is not empty. */
function firstChoice(groups: readonly Group[]): string[] {
  const byUnit = new Map<string, string[]>();
  for (const channel of groups[0]?.channels ?? []) {
    const keys = byUnit.get(channel.unit) ?? [];
    keys.push(channel.key);
    byUnit.set(channel.unit, keys);
  }
  const [first = [], second = []] = [...byUnit.values()]
    .filter((keys) => keys.length > 1)
    .concat([...byUnit.values()]);
  return [...new Set([...first.slice(0, 4), ...second.slice(0, 2)])];
}
