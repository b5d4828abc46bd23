/**
 * How much moves together, in one sentence: now, what is usual, and what that means.
 *
 *   past of the measure, without the last minute ─► its 5 % and 95 % quantiles ─► "44 %, as usual (31–47 %)"
 *
 * Detectors judge channels and the joint law; of a measure the page's own past is what there is.
 */
import type { Series } from "../../charts/series.ts";
import type { Range } from "./incident-words.ts";

/** Intervals of the past that must be known. */
const FEWEST = 60;
/** What is judged is no part of what is usual. */
const RECENT_US = 60e6;
const LOW = 0.05;
const HIGH = 0.95;
/** Ranges are widened by this share of what the measure can reach: smaller moves say nothing. */
const LEAST = 0.01;

/** Null: too little of the past is known. */
export function usualOf(series: Series, nowUs: number): Range | null {
  const level = series.levels.find(
    (each) => (nowUs - RECENT_US) / each.widthUs - each.oldest >= FEWEST || each === series.levels.at(-1),
  )!;
  const values: number[] = [];
  for (let a = level.oldest; a <= level.newest && (a + 1) * level.widthUs <= nowUs - RECENT_US; a++) {
    const value = level.last(a);
    if (!Number.isNaN(value)) values.push(value);
  }
  if (values.length < FEWEST) return null;
  values.sort((a, b) => a - b);
  const at = (share: number) => values[Math.round(share * (values.length - 1))]!;
  return { low: at(LOW) - LEAST, high: at(HIGH) + LEAST };
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
