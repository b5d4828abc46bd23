/**
 * A run as lines of Unicode blocks: two channels, and below them when something happened.
 *
 *   ▃▄▃▃▂▁▁▂▃▅▆▇▆▅▄▃▁▁▂▃▃▃   A01
 *   ▂▃▃▂▂▁▁▂▃▄▆▇▆▅▄▂▁▁▂▃▂▃   A02
 *               ▔▔▔          flashCrash
 */
import type { ScenarioRun, Truth } from "../model/scenario.ts";

const BLOCKS = "▁▂▃▄▅▆▇█";
const COLUMNS = 60;
const CHANNELS = 2;

interface Series {
  readonly name: string;
  readonly sum: Float64Array;
  readonly count: Float64Array;
}

export function sparkLines(
  run: ScenarioRun,
  { fromUs, untilUs }: { fromUs: number; untilUs: number },
): string[] {
  const series = gathered(run, (timeUs) => columnOf((timeUs - fromUs) / (untilUs - fromUs)));
  const concerned = run.truth[0]?.channels ?? [];
  // The channels it happens to come first.
  const shown = [...series.values()].sort(
    (a, b) => Number(concerned.includes(b.name)) - Number(concerned.includes(a.name)),
  );
  const lines = shown.slice(0, CHANNELS).map((each) => `${blocks(each)}  ${each.name}`);
  const marks = new Array<string>(COLUMNS).fill(" ");
  for (const { onsetUs, endUs } of run.truth) {
    const last = columnOf((endUs - fromUs) / (untilUs - fromUs));
    for (let k = columnOf((onsetUs - fromUs) / (untilUs - fromUs)); k <= last; k++) marks[k] = "▔";
  }
  return [...lines, `${marks.join("")}  ${kindsOf(run.truth)}`];
}

function columnOf(share: number): number {
  return Math.max(0, Math.min(COLUMNS - 1, Math.floor(share * COLUMNS)));
}

/** Sums per column of each channel; of states, of their first population. */
function gathered(run: ScenarioRun, column: (timeUs: number) => number): Map<string, Series> {
  const series = new Map<string, Series>();
  const add = (name: string, timeUs: number, value: number): void => {
    let found = series.get(name);
    if (found === undefined) {
      found = { name, sum: new Float64Array(COLUMNS), count: new Float64Array(COLUMNS) };
      series.set(name, found);
    }
    const k = column(timeUs);
    found.sum[k] = found.sum[k]! + value;
    found.count[k] = found.count[k]! + 1;
  };
  for (let piece = run.next(); piece !== null; piece = run.next()) {
    if (piece.type === "frame") {
      const { group } = piece;
      const channels = run.declarations.find((each) => each.group === group)!.channels;
      for (let k = 0; k < piece.count; k++)
        add(channels[piece.channel[k]!]!.name, piece.time[k]!, piece.value[k]!);
    } else if (piece.type === "measurementRecord") {
      const current = doubles(piece.current);
      for (let k = 0; k < current.byteLength / 8; k++)
        add(piece.operator, piece.timeUs + k * piece.everyUs, current.getFloat64(8 * k, true));
    } else add("first population", piece.timeUs, firstPopulation(piece));
  }
  return series;
}

function firstPopulation(state: {
  type: "densityMatrix" | "stateVector";
  re: Uint8Array;
  im: Uint8Array;
}): number {
  const re = doubles(state.re).getFloat64(0, true);
  const im = doubles(state.im).getFloat64(0, true);
  return state.type === "densityMatrix" ? re : re * re + im * im;
}

function doubles(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function blocks({ sum, count }: Series): string {
  const means = Array.from(sum, (value, k) => value / count[k]!);
  const there = means.filter((value) => !Number.isNaN(value));
  const least = Math.min(...there);
  const span = Math.max(...there) - least;
  return means
    .map((value) => {
      if (Number.isNaN(value)) return " ";
      const height = span === 0 ? 0 : (value - least) / span;
      return BLOCKS[Math.min(BLOCKS.length - 1, Math.floor(height * BLOCKS.length))]!;
    })
    .join("");
}

/** "jump ×4", "spike, drift". */
function kindsOf(truth: readonly Truth[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of truth) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return Array.from(counts, ([kind, count]) => (count === 1 ? kind : `${kind} ×${count}`)).join(", ");
}
