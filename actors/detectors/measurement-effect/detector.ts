/**
 * The effect of marked events: how the state of a group changed around news, a deployment, an order, an injection.
 *
 *   events of the group, `mark.made` and those of `events` ─► marked ─► wait for the rows after it ─┐
 *   rows ─► z, as the estimator has it ─► windows.ts ──a span without a mark──► placebos            ├─► T, F, ΔS, Δγ̃, p ─► measured
 *                                            └──────────a span around a mark────────────────────────┘
 *   whole states ─► the last before the mark and the first after it, and what a projective measurement of the marked levels does to the first
 *
 * The p-value compares the unbiased squared Hilbert–Schmidt distance with that at placebo times of the same hour and volatility
 * (kernels/placebo.ts). Spans of placebos neither overlap each other nor hold a mark, so the events of unchanged groups are exchangeable with
 * them. It says that state and event go together, not that one causes the other: of several things at a time only chance is excluded. Events that
 * the data choose, such as incidents, are no fair sample of times, and their p is small by choice.
 *
 * Promise: of the types of events that are found at most `falseDiscoveryShare` are expected to be by chance, while p-values are uniform (machine.ts).
 * Cost: that of z, and of two states for each span: 1.5 µs a row at n = 16. Placebos: two numbers and an hour for each of the last PLACEBOS_KEPT.
 */
import ln from "@stdlib/math-base-special-ln";
import { MARK_MADE } from "../../../protocol/mark-command.ts";
import type { Input } from "../../../protocol/messages.ts";
import type { Settings } from "../../../protocol/settings.ts";
import { backAction } from "../../kernels/back-action.ts";
import { vonNeumannEntropy } from "../../kernels/entropy.ts";
import { hilbertSchmidtDistance } from "../../kernels/overlap.ts";
import { powerEValues } from "../../kernels/p-to-e.ts";
import { type Placebos, placeboPValue } from "../../kernels/placebo.ts";
import { purity } from "../../kernels/purity.ts";
import { correctedPurity } from "../../kernels/sample-size.ts";
import { StateComparison } from "../../kernels/state-comparison.ts";
import type { Announced, Batch, Detector, DetectorContext, Fields, Group } from "../../ports/detector.ts";
import { defineDetector } from "../define-detector.ts";
import { RowSignal } from "../estimator/row-signal.ts";
import type { SignalSource } from "../estimator/signal-source.ts";
import { TickSignal } from "../estimator/tick-signal.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import { writeWholeState } from "../whole-state.ts";
import type { Mark } from "./context.ts";
import { measurementEffectMachine } from "./machine.ts";
import type { Effect } from "./signals.ts";
import { StateWindows } from "./windows.ts";

export const measurementEffect = defineDetector({
  name: "measurementEffect",
  version: 12,
  machine: measurementEffectMachine,
  listens: true,
  enabled: (settings, group) => settings.measurementEffect.enabled && group.n >= 2,
  createDetector: (settings, group) => new EffectDetector(settings, group),
  machineInput: (settings, group) => ({
    group: group.name,
    isDirect: group.states === true,
    share: settings.measurementEffect.falseDiscoveryShare,
  }),
});

/** Four times as many as are compared by default: the most alike quarter is. */
const PLACEBOS_KEPT = 4096;
/** Sets of levels between two states whose measurement is computed, each O(n³). */
const MOST_LITERALS = 4;
/** Bets on p-values: κ p^(κ−1), equally. Small ones pay for one strong effect, large ones for many weak ones. */
const POWERS = Float64Array.of(0.1, 0.3, 0.5, 0.8);
const HOUR_US = 3_600_000_000;

/** Placebos so far; of whole states: how many came, and when the last did. */
const Scalars = namedNumbers("placebos", "states", "lastUs");

type Context = DetectorContext<typeof measurementEffectMachine>;
type Change = Omit<Effect, "p" | "placebos" | "apart" | "evidence">;
type Literal = Pick<Effect, "unconditional" | "conditional" | "gain">;

const NOT_LITERAL: Literal = { unconditional: null, conditional: null, gain: null };

class EffectDetector implements Detector<typeof measurementEffectMachine>, Placebos {
  readonly fields: Fields;
  private readonly group: Group;
  private readonly options: Settings["measurementEffect"];
  private readonly kinds: ReadonlySet<string>;
  private readonly scalars = new Scalars();
  readonly statistic = new Float64Array(PLACEBOS_KEPT);
  readonly hour = new Float64Array(PLACEBOS_KEPT);
  readonly volatility = new Float64Array(PLACEBOS_KEPT);
  private readonly rows: { readonly source: SignalSource; readonly windows: StateWindows } | null;
  /** Of whole states: the last one, and the one that follows it while that is judged. */
  private readonly last: readonly [re: Float64Array, im: Float64Array];
  private readonly next: readonly [re: Float64Array, im: Float64Array];
  /** Rows of the batch that gaps were looked for in. */
  private looked = 0;
  private readonly e = new Float64Array(POWERS.length);

  constructor(settings: Settings, group: Group) {
    const { n } = group;
    this.group = group;
    this.options = settings.measurementEffect;
    this.kinds = new Set([MARK_MADE, ...this.options.events.split(",").map((kind) => kind.trim())]);
    const size = group.states ? n * n : 0;
    this.last = [new Float64Array(size), new Float64Array(size)];
    this.next = [new Float64Array(size), new Float64Array(size)];
    const source =
      group.sampling === "ticks" ? new TickSignal(settings, group) : new RowSignal(settings, group);
    this.rows = group.states ? null : { source, windows: new StateWindows(n, this.options.windowRows) };
    this.fields = {
      scalars: this.scalars.array,
      statistic: this.statistic,
      hour: this.hour,
      volatility: this.volatility,
      lastRe: this.last[0],
      lastIm: this.last[1],
      ...(this.rows === null
        ? {}
        : { ...prefixed("signal", source.fields), ...prefixed("windows", this.rows.windows.fields) }),
    };
  }

  onAnnouncement({ event }: Announced, context: Context): void {
    const { kind, id, title, channels, detail, timeUs } = event;
    if (!this.kinds.has(kind)) return;
    const { mark = kind, sinceUs, atUs } = detail;
    // A thing that lasts is announced some time after it began.
    const began = kind === MARK_MADE ? atUs : (sinceUs ?? atUs);
    context.signal({
      type: "marked",
      timeUs,
      id,
      mark: String(mark),
      title,
      channels,
      atUs: typeof began === "number" ? began : timeUs,
    });
  }

  update(batch: Batch, context: Context): void {
    const { rows } = this;
    if (rows === null) return;
    this.looked = 0;
    rows.source.consume(batch, rows.windows, () => this.row(rows.source.time[0]!, batch, context));
    this.lookForGaps(batch, Number.POSITIVE_INFINITY);
  }

  onInput(input: Input, context: Context): void {
    if (input.type !== "densityMatrix" && input.type !== "stateVector") return;
    const { scalars, last, next } = this;
    writeWholeState(input, this.group.n, ...next);
    if (scalars.states > 0) this.step(input.timeUs, context);
    last[0].set(next[0]);
    last[1].set(next[1]);
    scalars.states = scalars.states + 1;
    scalars.lastUs = input.timeUs;
  }

  private row(timeUs: number, batch: Batch, context: Context): void {
    const { windows } = this.rows!;
    this.lookForGaps(batch, timeUs);
    windows.stamp(timeUs);
    const { samples, window } = windows;
    if (samples % (2 * window) === 0) this.placebo(context);
    const { pending } = context.machine.context;
    if (pending.length === 0 || samples < window) return;
    this.judge(pending, windows.timeOf(samples - window), timeUs, context);
  }

  private lookForGaps(batch: Batch, untilUs: number): void {
    for (; this.looked < batch.rows && batch.rowTime[this.looked]! <= untilUs; this.looked++)
      if (batch.gap[this.looked] === 1) this.rows!.windows.break();
  }

  /** The span that has just ended is a placebo, unless something was marked in it. */
  private placebo({ machine }: Context): void {
    const { windows } = this.rows!;
    const at = windows.samples - windows.window;
    if (windows.missing(at) !== "") return;
    const fromUs = windows.timeOf(at - windows.window);
    const { pending, lastUs } = machine.context;
    const untilUs = windows.timeOf(windows.samples - 1);
    if (lastUs >= fromUs || pending.some(({ atUs }) => atUs >= fromUs && atUs <= untilUs)) return;
    this.keep(this.squaredDistance(at), windows.timeOf(at), windows.volatility(at));
  }

  /**
   * The marks of one place, the first one of which has all of its rows; the others wait for the next rows, for a comparison is O(n³). None is late
   * by that: places lie a row apart at least, and windows move by one. Marks that cannot be measured cost nothing.
   */
  private judge(pending: readonly Mark[], dueUs: number, timeUs: number, context: Context): void {
    const { windows } = this.rows!;
    let place = -1;
    let found: Effect | null = null;
    for (const { id, atUs } of pending) {
      if (atUs >= dueUs) return;
      const at = windows.firstAfter(atUs);
      const reason = windows.missing(at);
      if (reason !== "") context.signal({ type: "unmeasured", timeUs, id, reason });
      else {
        if (found !== null && at !== place) return;
        place = at;
        found ??= this.foundAt(at);
        context.signal({ type: "measured", timeUs, id, ...found });
      }
    }
  }

  private foundAt(at: number): Effect {
    const { windows, source } = this.rows!;
    const squaredDistance = this.squaredDistance(at);
    const { before, after } = windows;
    const kappa = source.kappa(before);
    const purityChange = correctedPurity(after.purity, kappa) - correctedPurity(before.purity, kappa);
    const change = {
      ...this.compare([before.re, before.im], [after.re, after.im]),
      purityChange,
      squaredDistance,
      ...NOT_LITERAL,
    };
    return this.withEvidence(change, windows.volatility(at), windows.timeOf(at));
  }

  private squaredDistance(at: number): number {
    const { windows, source } = this.rows!;
    // At least a quarter of the window is left.
    const embargo = Math.min(source.reach, Math.floor((3 * windows.window) / 4));
    return windows.measure(at, embargo, (density) => source.kappa(density));
  }

  /** A whole state follows another: around a mark its effect, else every second time a placebo. */
  private step(timeUs: number, context: Context): void {
    const { group, last, next, scalars } = this;
    const { pending, lastUs } = context.machine.context;
    const purityBefore = purity(group.n, ...last);
    const distance = hilbertSchmidtDistance(group.n, ...last, ...next);
    const squaredDistance = distance * distance;
    const marks = pending.filter(({ atUs }) => atUs < timeUs);
    if (marks.length === 0) {
      if (scalars.states % 2 === 0 && lastUs < scalars.lastUs)
        this.keep(squaredDistance, timeUs, purityBefore);
      return;
    }
    let found: Effect | null = null;
    const literals = new Map<string, Literal>();
    for (const { id, atUs, channels } of marks) {
      if (atUs < scalars.lastUs) {
        context.signal({ type: "unmeasured", timeUs, id, reason: "the state before it is no longer known" });
        continue;
      }
      found ??= this.withEvidence(
        {
          ...this.compare(last, next),
          purityChange: purity(group.n, ...next) - purityBefore,
          squaredDistance,
          ...NOT_LITERAL,
        },
        purityBefore,
        timeUs,
      );
      const measured = group.channels.map(({ name }) => channels.includes(name));
      const key = measured.join();
      if (!literals.has(key)) literals.set(key, this.literal(measured, literals.size));
      context.signal({ type: "measured", timeUs, id, ...found, ...literals.get(key)! });
    }
  }

  /** What a projective measurement of these levels does to the last state; nothing where none is measured, or `others` were computed already. */
  private literal(measured: readonly boolean[], others: number): Literal {
    if (others >= MOST_LITERALS || !measured.includes(true)) return NOT_LITERAL;
    const { unconditional, conditional, gain } = backAction(this.group.n, ...this.last, measured);
    return { unconditional, conditional, gain };
  }

  private compare(
    [aRe, aIm]: readonly [Float64Array, Float64Array],
    [bRe, bIm]: readonly [Float64Array, Float64Array],
  ): Pick<Change, "distance" | "fidelity" | "entropyChange"> {
    const { n } = this.group;
    const states = new StateComparison(n);
    states.load(aRe, aIm, bRe, bIm);
    const entropyChange = vonNeumannEntropy(n, states.valuesB) - vonNeumannEntropy(n, states.valuesA);
    const root = states.rootFidelity();
    return { distance: states.traceDistance(), fidelity: root * root, entropyChange };
  }

  private withEvidence(change: Change, volatility: number, timeUs: number): Effect {
    const { options, e, count } = this;
    const marked = { statistic: change.squaredDistance, hour: hourOf(timeUs), volatility };
    const judged = count < options.placebos ? null : placeboPValue(this, marked, options.placebos);
    if (judged !== null) powerEValues(judged.p, POWERS, e);
    return {
      ...change,
      p: judged?.p ?? null,
      placebos: judged?.placebos ?? count,
      apart: judged?.apart ?? 0,
      evidence: judged === null ? 0 : ln(e.reduce((sum, each) => sum + each, 0) / e.length),
    };
  }

  /** A placebo; the oldest one is forgotten. */
  private keep(statistic: number, timeUs: number, volatility: number): void {
    const { scalars } = this;
    const at = scalars.placebos % PLACEBOS_KEPT;
    this.statistic[at] = statistic;
    this.hour[at] = hourOf(timeUs);
    this.volatility[at] = volatility;
    scalars.placebos = scalars.placebos + 1;
  }

  get count(): number {
    return Math.min(this.scalars.placebos, PLACEBOS_KEPT);
  }
}

/** Hour of the day in UTC, in [0, 24). */
function hourOf(timeUs: number): number {
  const hours = timeUs / HOUR_US;
  return hours - 24 * Math.floor(hours / 24);
}
