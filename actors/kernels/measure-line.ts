/**
 * `measure` for lines of JSON: one request per line, one flat object per line.
 *
 *   {"n":2,"re":[…],"im":[…],"sigma":{"re":[…],"im":[…]},"update":{"alpha":0.1,"psi":{"re":[…],"im":[…]}}}
 *
 * `re`, `im` are n×n row-major; `sigma` and `update` are optional. For an invalid line the answer is
 * {"error": "the problem and what was expected"}; the function never throws.
 */
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
  return { re: asNumbers(holder["re"], `${name}.re`), im: asNumbers(holder["im"], `${name}.im`) };
}

function asObject(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`Cannot read ${name}: it is ${describe(value)}; expected an object`);
  }
  return value as Record<string, unknown>;
}

function asNumber(value: unknown, name: string): number {
  if (typeof value !== "number") {
    throw new TypeError(`Cannot read ${name}: it is ${describe(value)}; expected a number`);
  }
  return value;
}

function asNumbers(value: unknown, name: string): number[] {
  if (!Array.isArray(value)) {
    throw new TypeError(`Cannot read ${name}: it is ${describe(value)}; expected an array of numbers`);
  }
  for (let k = 0; k < value.length; k++) asNumber(value[k], `${name}[${k}]`);
  return value as number[];
}

function describe(value: unknown): string {
  if (value === undefined) return "absent";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "string" ? `the text ${JSON.stringify(value.slice(0, 40))}` : `a ${typeof value}`;
}
