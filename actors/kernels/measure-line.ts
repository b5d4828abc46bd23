/**
 * `measure` for lines of JSON: one request per line, one flat object per line.
 *
 *   {"n":2,"re":[…],"im":[…],"sigma":{"re":[…],"im":[…]},"update":{"alpha":0.1,"psi":{"re":[…],"im":[…]}}}
 *
 * `re`, `im` are n×n row-major, or lists of rows; without `im` a matrix is real. `sigma` and `update` are optional. For an invalid line the
 * answer is {"error": "the problem and what was expected"}; the function never throws.
 */
import { asNumber, asObject, readEntries } from "./matrix-json.ts";
import { type Matrix, type MatrixOfOrder, measure, type UpdateRequest } from "./measure.ts";

/** Answers one line. O(n³). */
export function measureLine(json: string): string {
  try {
    const { rho, sigma, update } = readRequest(json);
    return JSON.stringify(measure(rho, sigma, update));
  } catch (error) {
    return JSON.stringify({ error: error instanceof Error ? error.message : String(error) });
  }
}

function readRequest(json: string): {
  rho: MatrixOfOrder;
  sigma: Matrix | undefined;
  update: UpdateRequest | undefined;
} {
  const line = asObject(parse(json), "the line");
  const n = asNumber(line["n"], "n");
  const rho = { n, ...readMatrix(line, "rho") };
  const sigma =
    line["sigma"] === undefined ? undefined : readMatrix(asObject(line["sigma"], "sigma"), "sigma");
  return { rho, sigma, update: line["update"] === undefined ? undefined : readUpdate(line["update"]) };
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

function readUpdate(value: unknown): UpdateRequest {
  const update = asObject(value, "update");
  return {
    alpha: asNumber(update["alpha"], "update.alpha"),
    psi: readMatrix(asObject(update["psi"], "update.psi"), "update.psi"),
  };
}

function readMatrix(holder: Record<string, unknown>, name: string): Matrix {
  const { re, im } = readEntries(holder, name);
  return { re, im };
}
