/**
 * `measure` for lines of JSON: one state per line, one flat object per line.
 *
 *   {"time":0.1,"rho":[[…],[…]],"sigma":[[…],[…]],"update":{"alpha":0.1,"psi":[…]}}
 *
 * A state is what the feeds take as one (matrix-json.ts); a state vector is measured as the density matrix |ψ⟩⟨ψ|. `sigma` and `update` are
 * optional. Numbers and texts that are no part of the request, such as the time, stand first in the answer. For an invalid line the answer is
 * {"error": "the problem and what was expected"}; the function never throws.
 */
import { MAX_ORDER } from "./hermitian-eigen.ts";
import { asNumber, asObject, partsOf, readState, type StateEntries } from "./matrix-json.ts";
import { type Matrix, type MatrixOfOrder, measure, type UpdateRequest } from "./measure.ts";
import { checkStateVector, InvalidState } from "./state-check.ts";

/** Answers one line. O(n³). */
export function measureLine(json: string): string {
  try {
    const line = asObject(parse(json), "the line");
    const { rho, sigma, update } = readRequest(line);
    return JSON.stringify({ ...labelsOf(line), ...measure(rho, sigma, update) });
  } catch (error) {
    return JSON.stringify({ error: error instanceof Error ? error.message : String(error) });
  }
}

interface Request {
  rho: MatrixOfOrder;
  sigma: Matrix | undefined;
  update: UpdateRequest | undefined;
}

function readRequest(line: Record<string, unknown>): Request {
  const state = readState(line, "rho");
  if (state === null)
    throw new TypeError(
      line["current"] === undefined
        ? "Cannot read the line: it has none of re, rho and psi; expected a state"
        : "Cannot read the line: it holds a record (current); expected a state: re, rho or psi",
    );
  const rho = densityMatrix(state, "rho");
  return {
    rho,
    sigma: line["sigma"] === undefined ? undefined : readSigma(line["sigma"], rho.n),
    update: line["update"] === undefined ? undefined : readUpdate(line["update"]),
  };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // The engine's message differs between runtimes, but this one must not.
    throw new TypeError(
      `Cannot read the line: it is not JSON (${json.length} characters); expected one object a line`,
    );
  }
}

/** As the line itself, or its numbers alone; a plain list of n² numbers is a matrix here, because n is known. */
function readSigma(value: unknown, n: number): Matrix {
  const holder = { n, ...(Array.isArray(value) ? { re: value } : asObject(value, "sigma")) };
  const state = readState(holder, "sigma");
  if (state === null)
    throw new TypeError("Cannot read sigma: it has none of re, rho and psi; expected a state");
  return densityMatrix(state, "sigma");
}

function readUpdate(value: unknown): UpdateRequest {
  const update = asObject(value, "update");
  return {
    alpha: asNumber(update["alpha"], "update.alpha"),
    psi: partsOf(update["psi"], "update.psi"),
  };
}

/** |ψ⟩⟨ψ| of a vector; a matrix as it stands, for `measure` checks it. */
function densityMatrix({ form, n, re, im }: StateEntries, name: string): MatrixOfOrder {
  if (form === "matrix") return { n, re, im };
  if (n > MAX_ORDER)
    throw new InvalidState(`Cannot measure ${name}: it has ${n} levels; expected at most ${MAX_ORDER}`);
  checkStateVector(n, re, im, name);
  const of = { n, re: new Float64Array(n * n), im: new Float64Array(n * n) };
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      of.re[i * n + j] = re[i]! * re[j]! + im[i]! * im[j]!;
      of.im[i * n + j] = im[i]! * re[j]! - re[i]! * im[j]!;
    }
  }
  return of;
}

/** What tells a line from the others. "error" is the word of an answer to a line that was not measured. */
function labelsOf(line: Record<string, unknown>): Record<string, unknown> {
  const isLabel = ([name, value]: [string, unknown]) =>
    name !== "n" && name !== "error" && (typeof value === "number" || typeof value === "string");
  return Object.fromEntries(Object.entries(line).filter(isLabel));
}
