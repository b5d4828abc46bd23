/**
 * What a person looks at: the stretch of time, the cursor, the chosen channels and group. One for all charts, so that they move together.
 */
import { batch, computed, effect, signal } from "@preact/signals";
import type { OtherCursor, TimeRange, TimeWindow } from "../../charts/time-chart.ts";
import { setZone, type ZoneName } from "../../charts/zone.ts";
import { barOf } from "./candle-sets.ts";
import { affectedBy, firstChoice, type Order } from "./channel-order.ts";
import type { Incident } from "./incidents.ts";
import { type Channel, type Group, type Model, type Moment, momentOf } from "./model.ts";

/** Closest zoom: at 1,000 samples a second a hundred of them. */
const SHORTEST_US = 100_000;
/** A month: what a session keeps of its past is longer, and its names of days do not repeat. */
const LONGEST_US = 30 * 86_400e6;

/** Of the picture that a stretch of time may fill when it is gone to. */
const SHOWN_SHARE = 0.8;

export const SPANS_US = [
  { label: "10s", us: 10e6 },
  { label: "1m", us: 60e6 },
  { label: "5m", us: 300e6 },
  { label: "15m", us: 900e6 },
  { label: "1h", us: 3600e6 },
  { label: "24h", us: 86_400e6 },
] as const;

/** How values become heights in the chart of signals. */
export const SCALES = [
  { name: "unit", title: "One axis for each unit" },
  { name: "own", title: "One axis for each channel" },
  { name: "log", title: "Logarithmic" },
  { name: "percent", title: "Percent from the start" },
] as const;

export type Scale = (typeof SCALES)[number]["name"];

/** The window of a page that nobody has changed. */
const FIRST_SPAN_US = 60e6;

/** Fewer rows in a window say nothing of what is usual. */
const FEW_ROWS = 100;

/** People cannot distinguish more lines than this by colour. */
export const MOST_LINES = 8;

/** Channels shown of an incident: those that contribute most. */
const FOCUSED_LINES = 5;

export class View {
  readonly spanUs = signal(FIRST_SPAN_US);
  /** As long as the window becomes while its data do; 0: a person chose its length. */
  readonly #fullSpanUs = signal(FIRST_SPAN_US);
  /** The stretch of time whose past is of use now. */
  readonly soughtUs = computed(() => Math.max(this.spanUs.value, this.#fullSpanUs.value));
  /** Right edge while not following; null = follow the newest sample. */
  readonly frozenEndUs = signal<number | null>(null);
  /** Time under the pointer or the keyboard's cursor. */
  readonly hoverUs = signal<number | null>(null);
  /** A chosen moment, such as that of an event: stays until released. */
  readonly pinnedUs = signal<number | null>(null);
  readonly cursorUs = computed(() => this.hoverUs.value ?? this.pinnedUs.value);
  /** The moment whose joint state is shown; null: the latest. */
  readonly momentUs = computed(() => this.cursorUs.value ?? this.frozenEndUs.value);
  readonly following = computed(() => this.frozenEndUs.value === null);
  readonly filter = signal("");
  /** In which order the channels are listed. */
  readonly order = signal<Order>("unusual");
  /** How the chart of signals shows values. */
  readonly scale = signal<Scale>("unit");
  /** Prices as candles, where there are some. */
  readonly isCandles = signal(false);
  /** The zone of all times on the page. */
  readonly zone = signal<ZoneName>("local");
  readonly chosen = signal<readonly string[]>([]);
  /** The colour of each chosen channel, from 0: it keeps it while it is chosen, whatever others come and go. */
  readonly colours = computed(() => {
    const before = this.#colours;
    const chosen = this.chosen.value;
    const kept = chosen.filter((key) => before.has(key));
    const free = Array.from({ length: MOST_LINES }, (_, k) => k).filter(
      (k) => !kept.some((key) => before.get(key) === k),
    );
    this.#colours = new Map(chosen.map((key) => [key, before.get(key) ?? free.shift() ?? 0]));
    return this.#colours;
  });
  /** What charts show, as group/name: the chosen channels, and what their candles are made of. */
  readonly charted = computed(() => {
    const chosen = this.chosen.value;
    if (!this.isCandles.value) return chosen;
    this.#model.groups.value;
    const bars = this.channels.flatMap((of) => barOf(of, this.#model.group(of.group)?.channels ?? []));
    return [...new Set([...chosen, ...bars.map(({ key }) => key)])];
  });
  /** Counts the person's own choices of channels. */
  readonly choices = signal(0);
  readonly groupName = signal("");
  /** The id of an event. */
  readonly openEvent = signal<string | null>(null);
  /** The key of an incident. */
  readonly openIncident = signal<string | null>(null);
  /** Also the measures of physics. */
  readonly allMeasures = signal(false);
  readonly matrixScale = signal<"coherence" | "density">("density");
  /** Of one qubit its Bloch vector is shown in place of the matrix. */
  readonly isBloch = signal(true);
  readonly help = signal(false);
  /** The list at the bottom right. */
  readonly list = signal<"events" | "notes">("events");
  /** What the person has marked on the charts, for a note. */
  readonly marked = signal<TimeRange | null>(null);
  /** A stretch of time is marked, and waits for the words of a note. */
  readonly isWriting = signal(false);
  /** Dragging on a chart marks a stretch of time; else it moves the picture, and marks with Shift. */
  readonly isMarking = signal(false);
  /** Cursors of other people, in the colours of the theme. */
  readonly others = signal<readonly OtherCursor[]>([]);
  /** Counts movements of the person's own. */
  readonly moves = signal(0);
  /** The threshold in the dialog: one that is there by its id, or a new one. */
  readonly threshold = signal<{ id: string } | { channel: string; level: number } | null>(null);
  /** The open dialog. */
  readonly dialog = signal<
    | "inject"
    | "whatIf"
    | "thresholds"
    | "layout"
    | "monitor"
    | "analyses"
    | "marks"
    | "scan"
    | "recordings"
    | null
  >(null);
  /** Read out by screen readers when they have nothing more urgent. */
  readonly announcement = signal("");
  /** Counts every change of the above, and every past that somebody waited for: canvases compare it. */
  version = 0;
  /** The same, as charts over time see it. */
  readonly window: TimeWindow = {
    endUs: () => this.endUs,
    lengthUs: () => this.spanUs.peek(),
    cursorUs: () => this.cursorUs.peek(),
    version: () => this.version,
    // While the picture stands still, arriving data do not change it, except those of its past.
    dataVersion: () => (this.following.peek() ? this.#model.version : -this.#model.pasts.peek()),
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
    others: () => this.others.peek(),
    marking: {
      range: () => this.marked.peek(),
      isOn: () => this.isMarking.peek(),
      mark: (range) => {
        this.marked.value = range;
      },
      finish: () => this.writeNote(this.marked.peek()),
    },
  };
  readonly #model: Model;
  #colours: ReadonlyMap<string, number> = new Map();
  /** A link chose the channels, and no arrangement was shown yet. */
  #isLinked = false;
  #hasChosen = false;
  /** A group that is not there yet. */
  #awaitedGroup = "";
  /** The person's channels while the chart shows those of an incident. */
  #before: readonly string[] | null = null;

  constructor(model: Model) {
    this.#model = model;
    effect(() => {
      this.spanUs.value;
      this.frozenEndUs.value;
      this.cursorUs.value;
      this.marked.value;
      this.chosen.value;
      this.groupName.value;
      this.matrixScale.value;
      this.isBloch.value;
      this.scale.value;
      this.isCandles.value;
      this.zone.value;
      this.allMeasures.value;
      model.pasts.value;
      this.version++;
    });
    effect(() => {
      setZone(this.zone.value);
    });
    effect(() => {
      // A recorded session moved: the frozen or pinned moment may be gone.
      if (model.rewinds.value > 0) this.#toNewest();
    });
    effect(() => {
      // The window of a group with slow rows has as many of them as that of a fast one has of pixels.
      const rowsUs = (model.groups.value[0]?.everyUs ?? 0) * FEW_ROWS;
      if (rowsUs <= this.#fullSpanUs.peek() || this.#fullSpanUs.peek() === 0) return;
      this.#fullSpanUs.value = SPANS_US.find(({ us }) => us >= rowsUs)?.us ?? clampSpan(rowsUs);
    });
    effect(() => {
      // A longer one than the data would be empty at its left.
      model.pulse.value;
      const fullUs = this.#fullSpanUs.value;
      if (fullUs <= FIRST_SPAN_US || !this.following.value) return;
      const knownUs = model.headUs - model.firstUs;
      if (knownUs >= 0) this.spanUs.value = Math.min(fullUs, Math.max(FIRST_SPAN_US, knownUs));
    });
    effect(() => {
      const groups = model.groups.value;
      const isKnown = (name: string) => groups.some((group) => group.name === name);
      const name = this.groupName.peek();
      // A link may name a group that is declared later.
      if (name !== "" && !isKnown(name)) this.#awaitedGroup = name;
      const shown = isKnown(this.#awaitedGroup) ? this.#awaitedGroup : isKnown(name) ? name : groups[0]?.name;
      if (shown === this.#awaitedGroup) this.#awaitedGroup = "";
      if (shown !== undefined) this.groupName.value = shown;
      if (!this.#hasChosen && this.#before === null) {
        const channels = groups.flatMap((group) => group.channels);
        this.chosen.value = firstChoice(channels, affectedBy(model.incidents.value));
      }
    });
  }

  get endUs(): number {
    return this.frozenEndUs.peek() ?? this.#model.headUs;
  }

  get group(): Group | undefined {
    return this.#model.group(this.groupName.value);
  }

  /** The joint state to show: at the cursor, at the frozen right edge, or the latest. Null where it is not known. */
  get moment(): Moment | null {
    const joint = this.#model.group(this.groupName.peek())?.joint;
    return joint === undefined ? null : momentOf(joint, this.momentUs.peek());
  }

  /** Whether a moment is looked at whose state is not known. Reads signals: an effect follows the moment and the group. */
  get lacksMoment(): boolean {
    const group = this.#model.group(this.groupName.value);
    if (this.momentUs.value === null) return false;
    if (group?.joint.last != null) return this.moment === null;
    // A link names a moment before the first state is there.
    this.#model.pulse.value;
    return false;
  }

  /** Of a chosen channel, from 0; −1 of another. */
  colourOf(key: string): number {
    return this.colours.value.get(key) ?? -1;
  }

  get channels(): Channel[] {
    return this.chosen.value.flatMap((key) => this.#model.channelsByKey.get(key) ?? []);
  }

  /** Between ρ and the coherence of pairs. */
  toggleMatrixScale(): void {
    this.showMatrix(this.matrixScale.value === "density" ? "coherence" : "density");
  }

  showMatrix(scale: "coherence" | "density"): void {
    this.matrixScale.value = scale;
    this.isBloch.value = false;
  }

  toggleChannel(key: string): void {
    this.#hasChosen = true;
    this.#isLinked = false;
    this.#before = null;
    const chosen = this.chosen.value;
    if (chosen.includes(key)) this.chosen.value = chosen.filter((other) => other !== key);
    else this.chosen.value = [...chosen, key].slice(-MOST_LINES);
    this.choices.value++;
  }

  /** Shows the channels that a link names: the person's arrangement of before does not replace them. */
  chooseByLink(channels: readonly string[]): void {
    this.choose(channels);
    this.#isLinked = true;
  }

  /** Shows the channels of an arrangement, as group/name. */
  choose(channels: readonly string[]): void {
    if (this.#isLinked) {
      this.#isLinked = false;
      return;
    }
    this.#hasChosen = true;
    this.#before = null;
    this.chosen.value = channels.slice(0, MOST_LINES);
  }

  /** Opens an incident: charts show its time and the channels that contribute most. */
  openIncidentOf({ key, group, channels, sinceUs, untilUs }: Incident): void {
    const shown = channels
      .slice(0, FOCUSED_LINES)
      .map((name) => `${group}/${name}`)
      .filter((name) => this.#model.channelsByKey.has(name));
    batch(() => {
      this.openIncident.value = key;
      this.openEvent.value = null;
      if (this.#model.group(group) !== undefined) this.groupName.value = group;
      this.#before ??= this.chosen.peek();
      if (shown.length > 0) this.chosen.value = shown;
      this.jumpToRange({ fromUs: sinceUs, untilUs: untilUs ?? this.#model.headUs });
    });
  }

  /** Closes it: the chart shows the person's channels again. */
  closeIncident(): void {
    batch(() => {
      this.openIncident.value = null;
      this.pinnedUs.value = null;
      if (this.#before !== null) this.chosen.value = this.#before;
      this.#before = null;
    });
  }

  follow(): void {
    this.#moved();
    this.#toNewest();
  }

  pause(): void {
    this.#moved();
    if (this.frozenEndUs.value === null && !Number.isNaN(this.#model.headUs))
      this.frozenEndUs.value = this.#model.headUs;
  }

  togglePause(): void {
    if (this.following.value) this.pause();
    else this.follow();
  }

  setSpan(us: number): void {
    this.#moved();
    this.#fullSpanUs.value = 0;
    this.spanUs.value = clampSpan(us);
  }

  /** Zooms by `factor` (> 1 shows more). The time at `shareFromLeft` of the picture stays in place; while following, the right edge does. */
  zoom(factor: number, shareFromLeft = 1): void {
    this.#moved();
    this.#fullSpanUs.value = 0;
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
    this.#moved();
    const end = this.endUs + us;
    if (end >= this.#model.headUs) this.frozenEndUs.value = null;
    else this.frozenEndUs.value = end;
  }

  /** Shows the moment with two thirds of the picture before it, and keeps the cursor there. */
  jumpTo(timeUs: number): void {
    this.#moved();
    this.pinnedUs.value = timeUs;
    const end = timeUs + this.spanUs.value / 3;
    this.frozenEndUs.value = Math.min(end, this.#model.headUs);
  }

  /** Shows all of a stretch of time with air around it, and the cursor at its begin. */
  jumpToRange({ fromUs, untilUs }: TimeRange): void {
    if (this.spanUs.peek() * SHOWN_SHARE < untilUs - fromUs) this.setSpan((untilUs - fromUs) / SHOWN_SHARE);
    this.jumpTo(fromUs);
    const spareUs = (this.spanUs.peek() - (untilUs - fromUs)) / 2;
    this.frozenEndUs.value = Math.min(untilUs + spareUs, this.#model.headUs);
  }

  /** Shows what somebody else looks at. */
  show({ spanUs, endUs }: { spanUs: number; endUs: number | null }): void {
    this.#fullSpanUs.value = 0;
    batch(() => {
      this.spanUs.value = clampSpan(spanUs);
      this.frozenEndUs.value = endUs;
      this.pinnedUs.value = null;
    });
  }

  /** Opens the form of a note about a stretch of time, or about the moment at the cursor. */
  writeNote(range: TimeRange | null): void {
    const atUs = this.cursorUs.peek() ?? this.endUs;
    if (range === null && Number.isNaN(atUs)) return;
    batch(() => {
      this.marked.value = range ?? { fromUs: atUs, untilUs: atUs };
      this.isWriting.value = true;
      this.isMarking.value = false;
      this.list.value = "notes";
    });
  }

  /** Opens the dialog of thresholds: to change one, to set one, or as it was. */
  openThresholds(threshold: { id: string } | { channel: string; level: number } | null): void {
    batch(() => {
      this.threshold.value = threshold;
      this.dialog.value = "thresholds";
    });
  }

  stopWriting(): void {
    batch(() => {
      this.marked.value = null;
      this.isWriting.value = false;
      this.isMarking.value = false;
    });
  }

  #moved(): void {
    this.moves.value = this.moves.peek() + 1;
  }

  #toNewest(): void {
    this.frozenEndUs.value = null;
    this.pinnedUs.value = null;
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
