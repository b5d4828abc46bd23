/**
 * How much moves together, in one sentence: now, what is usual, and what that means.
 *
 *   an hour of the measure, without its last minute ─► its 5 % and 95 % quantiles ─► "44 %, as usual (31–47 %)"
 *
 * Detectors judge channels and the joint law; of a measure the page's own past is what there is.
 */
import { Columns } from "../../charts/columns.ts";
import type { Series } from "../../charts/series.ts";
import type { Range } from "./incident-words.ts";

/** Intervals of the past that must be known. */
const FEWEST = 60;
/** What is judged is no part of what is usual. */
const RECENT_US = 60e6;
const LONGEST_US = 3600e6;
/** Into so many an hour is divided, or what is known of it. */
const INTERVALS = 600;
const LOW = 0.05;
const HIGH = 0.95;
/** Ranges are widened by this share of what the measure can reach: smaller moves say nothing. */
const LEAST = 0.01;

/** Of the last hour before `nowUs`, of which each stretch counts alike. Null: too little of the past is known. */
export function usualOf(series: Series, nowUs: number): Range | null {
  const toUs = nowUs - RECENT_US;
  const fromUs = Math.max(series.firstUs, toUs - LONGEST_US);
  // Intervals are a microsecond or longer.
  if (!(toUs - fromUs >= INTERVALS)) return null;
  const values = valuesOf(series, fromUs, toUs);
  if (values.length < FEWEST) return null;
  values.sort((a, b) => a - b);
  const at = (share: number) => values[Math.round(share * (values.length - 1))]!;
  return { low: at(LOW) - LEAST, high: at(HIGH) + LEAST };
}

/** The last value of each interval that has one, in intervals as long as the coarsest that are known. */
function valuesOf(series: Series, fromUs: number, toUs: number): number[] {
  let columns = new Columns((toUs - fromUs) / INTERVALS, INTERVALS + 1);
  const coarsestUs = series.fill(columns, fromUs, toUs);
  if (coarsestUs > columns.widthUs) {
    columns = new Columns(coarsestUs, INTERVALS + 1);
    series.fill(columns, fromUs, toUs);
  }
  const values: number[] = [];
  for (let a = columns.oldest; a <= columns.newest; a++) {
    const value = columns.last(a);
    if (!Number.isNaN(value)) values.push(value);
  }
  return values;
}

/** Of a share of one: "31 %, usually 44–58 %: less moves together than usual". */
export function togetherWords(value: number, usual: Range | null): string {
  if (Number.isNaN(value)) return "not known yet";
  const now = percent(value);
  if (usual === null) return `${now} of what could; what is usual is not known yet`;
  const range = `usually ${percent(usual.low).replace(" %", "")}–${percent(usual.high)}`;
  if (value < usual.low) return `${now}, ${range}: less moves together than usual`;
  if (value > usual.high) return `${now}, ${range}: more moves together than usual`;
  return `${now}, as usual (${range.replace("usually ", "")})`;
}

function percent(share: number): string {
  const value = 100 * Math.max(0, Math.min(1, share));
  return `${value.toFixed(value < 10 ? 1 : 0)} %`;
}
