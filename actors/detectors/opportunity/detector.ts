/**
 * Prices that are tied and have come apart (pairs.ts), and ways round through markets that end with more than they began with (cycles.ts), both
 * after costs. It reports what there was and how long it lasted; it never trades.
 *
 *   rows ─┬─► closes of the horizon ─► pairs ─► opportunity.pair  … opportunity.pair-over
 *         └─► legs ─────────────────► cycles ─► opportunity.cycle … opportunity.cycle-over
 *
 * What lasts is announced by the machine of findings (../findings-machine.ts), which says of each how long it lasted. All state is of fixed length;
 * changed settings begin anew.
 */
import { readCosts, readRates } from "../../../protocol/exchange-table.ts";
import { isName } from "../../../protocol/fields.ts";
import type { Settings } from "../../../protocol/settings.ts";
import type { Batch, Detector, DetectorContext, Fields, Group } from "../../ports/detector.ts";
import { defineDetector } from "../define-detector.ts";
import { amount, brief, duration } from "../event-wording.ts";
import { type FindingsMachine, findingsMachine } from "../findings-machine.ts";
import { prefixed } from "../registered-numbers.ts";
import { HorizonReturns } from "../risk/returns.ts";
import { RowSpacing } from "../row-spacing.ts";
import { watchedColumns } from "../watched-channels.ts";
import { type CycleChange, Cycles } from "./cycles.ts";
import { type PairChange, Pairs } from "./pairs.ts";

export const opportunity = defineDetector({
  name: "opportunity",
  version: 4,
  machine: findingsMachine("opportunity"),
  enabled: ({ opportunity: { enabled, channels, rates } }, group) =>
    enabled && !group.states && (columnsOf(channels, group).length > 1 || ratesIn(rates, group).length > 0),
  createDetector: (settings, group) => new OpportunityDetector(settings.opportunity, group),
  machineInput: (_settings, group) => ({ group: group.name }),
});

/** Pairs whose measures are published: the farthest apart of those that are tied. */
const SHOWN = 8;

type Context = DetectorContext<FindingsMachine>;

export class OpportunityDetector implements Detector<FindingsMachine> {
  readonly fields: Fields;
  private readonly group: Group;
  /** Places in a row of the channels of pairs. */
  private readonly columns: readonly number[];
  private readonly horizonUs: number;
  private readonly spacing: RowSpacing;
  private readonly closes: HorizonReturns;
  private readonly pairs: Pairs | null;
  private readonly cycles: Cycles | null;
  private readonly closeOf = (i: number): number => this.closes.closed(i);

  constructor(settings: Settings["opportunity"], group: Group) {
    const columns = columnsOf(settings.channels, group);
    const rates = ratesIn(settings.rates, group);
    // The schema of the settings has read them.
    const [fees, transfers] = [readCosts(settings.fees)!, readCosts(settings.transfers)!];
    this.group = group;
    this.columns = columns;
    this.horizonUs = settings.horizonSeconds * 1e6;
    this.spacing = new RowSpacing(group.everyUs);
    this.closes = new HorizonReturns(settings.horizonSeconds, columns, group.n);
    this.pairs = columns.length > 1 ? new Pairs(columns.length, settings, (fees.get("*") ?? 0) / 100) : null;
    this.cycles = rates.length > 0 ? new Cycles(rates, group, settings, fees, transfers) : null;
    this.fields = {
      ...this.spacing.fields,
      ...prefixed("closes", this.closes.fields),
      ...(this.pairs === null ? {} : prefixed("pairs", this.pairs.fields)),
      ...(this.cycles === null ? {} : prefixed("cycles", this.cycles.fields)),
    };
  }

  update(batch: Batch, context: Context): void {
    const { pairs, cycles, closes, spacing } = this;
    for (let r = 0; r < batch.rows; r++) {
      const time = batch.rowTime[r]!;
      spacing.see(time, batch.gap[r] === 1);
      const change = cycles?.take(batch, r) ?? null;
      if (change !== null) this.sayCycle(cycles!, change, time, context);
      if (pairs !== null && closes.take(batch, r))
        pairs.take(this.closeOf, (k, of) => this.sayPair(pairs, k, of, time, context));
    }
  }

  /** `opportunity.tested`, `tied`, `cycle`, then `z`, `halfLife` (s) and `edge` (a share) of A~B for the pairs that are tied and farthest apart. */
  addMeasures(measures: Record<string, number>): void {
    const { pairs, cycles } = this;
    if (cycles !== null) measures["opportunity.cycle"] = cycles.profit;
    if (pairs === null || pairs.tested === 0) return;
    const tied = pairs.places.map((_, k) => k).filter((k) => pairs.at(k).isTied === 1);
    measures["opportunity.tested"] = pairs.tested;
    measures["opportunity.tied"] = tied.length;
    const distance = new Map(tied.map((k) => [k, Math.abs(pairs.at(k).z)]));
    for (const k of tied.sort((a, b) => distance.get(b)! - distance.get(a)! || a - b).slice(0, SHOWN)) {
      const of = this.namesOf(pairs, k).join("~");
      // The longest beginning of the three.
      if (!isName(`opportunity.halfLife.${of}`)) continue;
      const { z, halfLife } = pairs.at(k);
      measures[`opportunity.z.${of}`] = z;
      measures[`opportunity.edge.${of}`] = pairs.edgeOf(k).mean;
      if (Number.isFinite(halfLife))
        measures[`opportunity.halfLife.${of}`] = (halfLife * this.periodUs) / 1e6;
    }
  }

  private sayPair(pairs: Pairs, k: number, change: PairChange, timeUs: number, context: Context): void {
    const channels = this.namesOf(pairs, k);
    const { z, slope, halfLife, pValue } = pairs.at(k);
    const about = { timeUs, key: `${channels.join("~")}/pair`, what: "pair", z, pValue };
    const title = channels.join(" and ");
    if (change !== "opened") {
      const why = change === "returned" ? "are back together" : "are no longer tied as they were";
      context.signal({ type: "over", ...about, title: `${title} ${why}`, reason: change });
      return;
    }
    const { mean, low, high } = pairs.edgeOf(k);
    context.signal({
      type: "found",
      ...about,
      title: `${title} are tied and ${brief(Math.abs(z))} deviations apart: half of that goes ${this.halfLifeText(halfLife)}, worth ${amount(100 * mean, "%")} after costs`,
      channels,
      slope,
      halfLifeUs: Number.isFinite(halfLife) ? halfLife * this.periodUs : null,
      edge: mean,
      edgeLow: low,
      edgeHigh: high,
      pairs: pairs.tested,
      effect: Math.abs(z),
      evidence: pairs.evidenceOf(k),
    });
  }

  private halfLifeText(periods: number): string {
    if (periods === 0) return "within one step";
    return Number.isFinite(periods)
      ? `in ${duration(periods * this.periodUs)}`
      : "in a time too long to be measured";
  }

  private sayCycle(cycles: Cycles, change: CycleChange, timeUs: number, context: Context): void {
    const { path, channels, profit, most } = cycles;
    const about = { timeUs, key: `${path}/cycle`, what: "cycle", path };
    if (change !== "opened") {
      const why = change === "stale" ? "a price on it is too old" : "it no longer brings enough";
      const title = `${path}: ${why}, at most it brought ${amount(100 * most, "%")} after costs`;
      context.signal({ type: "over", ...about, title, most, reason: change });
      return;
    }
    context.signal({
      type: "found",
      ...about,
      title: `${path} brings ${amount(100 * profit, "%")} after costs`,
      channels,
      profit,
      effect: 100 * profit,
      evidence: cycles.evidence,
    });
  }

  private namesOf(pairs: Pairs, k: number): string[] {
    return pairs.places[k]!.map((i) => this.group.channels[this.columns[i]!]!.name);
  }

  private get periodUs(): number {
    return this.horizonUs || this.spacing.us;
  }
}

/** More would be more than 120 pairs. */
const MOST_CHANNELS = 16;

function columnsOf(named: string, group: Group): number[] {
  return watchedColumns(named, group, group.innovation === "logReturn", MOST_CHANNELS);
}

/** Those whose channels the group has. */
function ratesIn(rates: string, { channels }: Group) {
  return readRates(rates)!.filter(({ channel }) => channels.some(({ name }) => name === channel));
}
