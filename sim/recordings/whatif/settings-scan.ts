/**
 * Settings of the detectors over a recording as a universe of `eigenwatch scan`: each set of them is a symbol, and what comes of a branch with
 * them are its values.
 *
 *   --over a=1:3:1 --over b=x,y ─► "a=1 b=x", "a=1 b=y", … ─► a branch each (sweep.ts), on the threads of the scan ─► values ─► rule
 */
import {
  computeFeatures,
  type EvaluatedItem,
  evaluateFeatures,
  namesOfValues,
  parseRule,
  type ScanTask,
  type SettingsScans,
  type SymbolView,
  sharedColumn,
  type UniverseData,
} from "../../../actors/scan/mod.ts";
import type { Work } from "../../../actors/workers/mod.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { openSweep } from "./open-sweep.ts";
import { type GridPoint, gridOf, type Sweep, type SweepPoint, sweepWork } from "./sweep.ts";

const VALUES = ["incidents", "alarms", "alarms_per_day"];
const VALUES_OF_TRUTH = ["recall", "delay_seconds", "false_alarms", "false_alarms_per_day"];

/** What a thread is given. */
export interface SettingsData extends UniverseData {
  readonly sweep: Sweep;
  /** By the index of the symbol. */
  readonly points: readonly GridPoint[];
}

/** Nothing but the settings is changed. */
const UNCHANGED = { set: [], drop: [], inject: [], command: [], marks: [], dropCommand: [] };

export const SETTINGS_SCANS: SettingsScans = {
  work: "settings",
  names: (isTruthKnown) => (isTruthKnown ? [...VALUES, ...VALUES_OF_TRUTH] : VALUES),
  open({ over, truth }) {
    const points = gridOf(over);
    return async (recording) => {
      const { toUs, ...sweep } = await openSweep(recording, { ...UNCHANGED, truth });
      return { name: recording, data: dataOf(points, sweep, toUs), defects: new Map() };
    };
  },
};

/** One row each, of the end of the recording. */
function dataOf(points: readonly GridPoint[], sweep: Sweep, toUs: number): SettingsData {
  return {
    symbols: points.map(nameOf),
    offsets: Int32Array.from({ length: points.length + 1 }, (_, k) => k),
    timeUs: sharedColumn(points.length).fill(toUs),
    columns: {},
    market: null,
    sweep,
    points,
  };
}

/** "anomaly.falseAlarmsPerDay=0.5 anomaly.windowSamples=512" */
function nameOf(point: GridPoint): string {
  return Object.entries(point)
    .map(([path, value]) => `${path}=${value}`)
    .join(" ");
}

export const settingsWork: Work<ScanTask & { readonly shared: SettingsData }, number, EvaluatedItem> = async (
  { rule: text, shared: { sweep, points } },
  index,
) => {
  const startMs = performance.now();
  const values = valuesOf(await sweepWork(sweep, points[index]!, null));
  const ranMs = performance.now();
  const rule = parseRule(text, {}, namesOfValues(Object.keys(values)));
  const { score, signal } = evaluateFeatures(rule, computeFeatures(rule, new OneRow(values)));
  return { score, signal, values, featuresMs: ranMs - startMs, evaluateMs: performance.now() - ranMs };
};

function valuesOf({ incidents, score }: SweepPoint): Record<string, number | null> {
  const { alarms, alarmsPerDay, truth } = score;
  const values = { incidents, alarms, alarms_per_day: alarmsPerDay };
  if (truth === null) return values;
  return {
    ...values,
    recall: truth.recall,
    delay_seconds: truth.delayUs === null ? null : truth.delayUs / 1e6,
    false_alarms: truth.falseAlarms,
    false_alarms_per_day: truth.falseAlarmsPerDay,
  };
}

/** The values as the columns of one row. */
class OneRow implements SymbolView {
  readonly rows = 1;
  readonly timeUs = new Float64Array(1);
  private readonly values: Readonly<Record<string, number | null>>;

  constructor(values: Readonly<Record<string, number | null>>) {
    this.values = values;
  }

  column(name: string): Float64Array {
    return Float64Array.of(this.values[name] ?? Number.NaN);
  }

  market(): never {
    throw withoutRows();
  }

  logReturns(): never {
    throw withoutRows();
  }
}

function withoutRows(): EigenwatchError {
  return new EigenwatchError({
    action: "evaluate settings",
    value: "they have values, and no rows",
    expected: "a rule over the values",
    kind: "input",
  });
}
