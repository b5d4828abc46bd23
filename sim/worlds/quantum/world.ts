/**
 * The run of a monitored quantum system.
 *
 *   nature ──whole record──────► pure state ─────────────► form=vector
 *      └──share η of it──► current ──────────────────────► form=record    one channel, named after the operator
 *                             └──► optimal filter ─► ρ ──► form=density
 *
 * Q1  The three forms of one seed describe the same world: the filter receives the record that the pure state produced.
 * Q2  A sample at time t covers the time since the previous sample; a state is the state at t.
 * Q3  The truth is that of nature: an observer with η < 1 may learn of a jump later, or never.
 */
import { float64Bytes } from "../../../protocol/columns.ts";
import type { QuantumInput } from "../../../protocol/messages.ts";
import { rowCount, rowsRun, rowTimeUs } from "../model/rows.ts";
import type { ScenarioOptions, ScenarioRun, Truth } from "../model/scenario.ts";

/** Detection efficiency η: that of good readout of superconducting qubits. */
export const EFFICIENCY = 0.5;

export interface QuantumWorld {
  readonly levels: readonly { readonly name: string; readonly title: string }[];
  readonly operator: { readonly name: string; readonly title: string; readonly unit: string };
  /** Events ordered by onset. Grows as the world advances; may contain future events. */
  readonly planned: readonly Truth[];
  /** Advances to `timeUs` and returns the sample of the record since the last call (first call: since one sample before). */
  advance(timeUs: number): number;
  /** The true state: n amplitudes of norm 1. */
  pure(re: Float64Array, im: Float64Array): void;
  /** The state that the observer knows: n×n row-major, trace 1. */
  known(re: Float64Array, im: Float64Array): void;
}

export function quantumRun(name: string, options: ScenarioOptions, world: QuantumWorld): ScenarioRun {
  const { form = "record" } = options;
  return form === "record" ? recordRun(name, options, world) : statesRun(name, options, world, form);
}

/** Channels of an event in this form: the channel of the record, or the levels of the states. */
export function affectedChannels(
  options: ScenarioOptions,
  operator: string,
  levels: readonly string[],
): string[] {
  return (options.form ?? "record") === "record" ? [operator] : [...new Set(levels)];
}

/** Detectors that should find an event in this form. */
export function finders(
  options: ScenarioOptions,
  inRecord: Truth["detectors"],
  inStates: Truth["detectors"] = ["trajectory"],
): Truth["detectors"] {
  return (options.form ?? "record") === "record" ? inRecord : inStates;
}

function recordRun(name: string, options: ScenarioOptions, world: QuantumWorld): ScenarioRun {
  const { operator } = world;
  return rowsRun(name, options, {
    channels: [{ ...operator, title: `${operator.title} (synthetic)` }],
    // A record is white noise around a changing mean, not a random walk.
    innovation: "ar1",
    planned: world.planned,
    row(timeUs, values) {
      values[0] = world.advance(timeUs);
      return timeUs;
    },
  });
}

function statesRun(
  source: string,
  options: ScenarioOptions,
  world: QuantumWorld,
  form: "vector" | "density",
): ScenarioRun {
  const { group } = options;
  const n = world.levels.length;
  const elements = form === "vector" ? n : n * n;
  const re = new Float64Array(elements);
  const im = new Float64Array(elements);
  const rows = rowCount(options);
  const truth: Truth[] = [];
  let row = 0;
  return {
    declarations: [
      {
        group,
        channels: world.levels.map(({ name, title }) => ({ name, title: `${title} (synthetic)`, unit: "" })),
        sampling: "rows",
        everyUs: Math.max(1, Math.round(1e6 / options.rate)),
        innovation: "difference",
      },
    ],
    truth,
    next(): QuantumInput | null {
      if (row >= rows) return null;
      const timeUs = rowTimeUs(options, row++);
      world.advance(timeUs);
      while (truth.length < world.planned.length && world.planned[truth.length]!.onsetUs <= timeUs)
        truth.push(world.planned[truth.length]!);
      if (form === "vector") world.pure(re, im);
      else world.known(re, im);
      const type = form === "vector" ? "stateVector" : "densityMatrix";
      return { type, group, source, sequence: 0, timeUs, n, re: float64Bytes(re), im: float64Bytes(im) };
    },
  };
}
