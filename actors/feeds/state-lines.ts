/**
 * A line of JSON that holds a state of a quantum system, or what was measured on one.
 *
 *   {"time":0.1,"re":[[0.5,0.5],[0.5,0.5]],"im":[[0,0],[0,0]]}        ρ as rows; `rho` may hold `re` and `im`; without `im` it is real
 *   {"time":0.1,"n":2,"re":[0.5,0.5,0.5,0.5]}                         ρ row by row, as `measure` reads it
 *   {"time":0.1,"psi":{"re":[0.6,0.8],"im":[0,0]}}                    ψ; also `re` and `im` as plain lists
 *   {"time":0.1,"operator":"sz","current":[0.3,-0.1],"every":0.01}    a record: a number, or numbers `every` seconds apart
 *
 * L1  What leaves here is a state: Hermitian, of trace 1, without a negative eigenvalue, or of norm 1, each within the tolerance of the kernels.
 */
import { float64Bytes } from "../../protocol/columns.ts";
import { MAX_FRAME_SAMPLES, MAX_GROUP_CHANNELS, MAX_MATRIX_DIMENSION } from "../../protocol/limits.ts";
import type { MeasurementRecord, QuantumInput } from "../../protocol/messages.ts";
import { asNumber, asNumbers, readState, type StateEntries } from "../kernels/matrix-json.ts";
import { checkState, checkStateVector, InvalidState } from "../kernels/state-check.ts";
import { JsonRows } from "./table/ndjson.ts";
import type { OpenedRows } from "./table/syntax.ts";

type Line = Readonly<Record<string, unknown>>;

/** What a line holds, before its feed says whose it is and when. */
export type StateLine =
  | ({ readonly kind: "state"; readonly levels: readonly string[] | null } & Pick<
      Extract<QuantumInput, { readonly n: number }>,
      "type" | "n" | "re" | "im"
    >)
  | ({ readonly kind: "record" } & Pick<
      MeasurementRecord,
      "everyUs" | "operator" | "efficiency" | "current"
    >);

/** Whether the first line of a source holds a state or a record. A column of numbers called "current" is one of a table. */
export function holdsStates({ rows }: OpenedRows): boolean {
  if (!(rows instanceof JsonRows) || rows.object === null) return false;
  const { re, rho, psi, current, operator } = rows.object;
  return (
    Array.isArray(re) ||
    isCompound(rho) ||
    isCompound(psi) ||
    Array.isArray(current) ||
    (current !== undefined && operator !== undefined)
  );
}

/** Throws InvalidState or a TypeError that says what the line has and what was expected. O(n³). */
export function readStateLine(line: Line | null): StateLine {
  if (line === null)
    throw new TypeError("Cannot read it: it is not a JSON object; expected a state or a record");
  if (line["current"] !== undefined) return readRecord(line);
  const state = readState(line, "state");
  if (state === null)
    throw new TypeError(
      "Cannot read it: it has none of re, rho, psi and current; expected a state or a record",
    );
  return state.form === "matrix" ? matrixOf(state, line) : vectorOf(state, line);
}

function isCompound(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function matrixOf({ n, re, im }: StateEntries, line: Line): StateLine {
  if (n > MAX_MATRIX_DIMENSION) throw tooLarge(n, MAX_MATRIX_DIMENSION, "MAX_MATRIX_DIMENSION");
  checkState(n, re, im, "the state");
  return stateOf("densityMatrix", n, { re, im }, line);
}

function vectorOf({ n, re, im }: StateEntries, line: Line): StateLine {
  if (n > MAX_GROUP_CHANNELS) throw tooLarge(n, MAX_GROUP_CHANNELS, "MAX_GROUP_CHANNELS");
  checkStateVector(n, re, im, "the state");
  return stateOf("stateVector", n, { re, im }, line);
}

function stateOf(
  type: "densityMatrix" | "stateVector",
  n: number,
  { re, im }: Pick<StateEntries, "re" | "im">,
  line: Line,
): StateLine {
  const levels = line["levels"];
  if (levels !== undefined && !(isTexts(levels) && levels.length === n && new Set(levels).size === n))
    throw new TypeError(
      `Cannot read levels: they are ${JSON.stringify(levels)}; expected ${n} different names`,
    );
  return {
    kind: "state",
    type,
    n,
    re: float64Bytes(Float64Array.from(re)),
    im: float64Bytes(Float64Array.from(im)),
    levels: levels === undefined ? null : (levels as string[]),
  };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string" && each.trim() !== "");
}

function readRecord(line: Line): StateLine {
  const { current, operator = "current" } = line;
  const numbers = Array.isArray(current)
    ? asNumbers(current, "current").numbers
    : [asNumber(current, "current")];
  if (numbers.length < 1 || numbers.length > MAX_FRAME_SAMPLES)
    throw new TypeError(
      `Cannot read current: it has ${numbers.length} numbers; expected 1 to ${MAX_FRAME_SAMPLES}`,
    );
  if (typeof operator !== "string" || operator.trim() === "")
    throw new TypeError(
      `Cannot read operator: it is ${JSON.stringify(operator)}; expected the name of what is measured`,
    );
  const efficiency = line["efficiency"] === undefined ? 1 : asNumber(line["efficiency"], "efficiency");
  if (!(efficiency >= 0 && efficiency <= 1))
    throw new TypeError(`Cannot read efficiency: it is ${efficiency}; expected a number from 0 to 1`);
  const everyUs = numbers.length === 1 ? 0 : Math.round(asNumber(line["every"], "every") * 1e6);
  if (numbers.length > 1 && !(everyUs >= 1))
    throw new TypeError(`Cannot read every: it is ${String(line["every"])} s; expected at least 0.000001`);
  return { kind: "record", operator, efficiency, everyUs, current: float64Bytes(Float64Array.from(numbers)) };
}

function tooLarge(n: number, most: number, limit: string): InvalidState {
  return new InvalidState(`Cannot accept the state: it has ${n} levels; expected at most ${most} (${limit})`);
}
