/**
 * Vectors, matrices and states as JSON has them: `re` and `im` are lists of numbers, or lists of rows. Without `im` they are real.
 *
 *   {"re":[[…],[…]],"im":…}    {"n":2,"re":[…]}    {"rho":[[…],[…]]}    {"rho":{"re":…,"im":…}}        a density matrix
 *   {"re":[…],"im":…}          {"psi":[…]}         {"psi":{"re":…,"im":…}}                             a state vector
 *
 * Every function throws a TypeError that names the entry, what stands there, and what was expected.
 */

export interface ComplexEntries {
  /** Row by row. */
  readonly re: readonly number[];
  readonly im: readonly number[];
  /** Rows that `re` was given in; 0 for a plain list. */
  readonly rows: number;
}

/** Not yet checked: whoever reads it says how large it may be, and calls the kernels of state-check.ts. */
export interface StateEntries {
  readonly form: "matrix" | "vector";
  readonly n: number;
  /** Row by row. */
  readonly re: readonly number[];
  readonly im: readonly number[];
}

/** The state that an object holds; null: it has none of re, rho and psi. `name` is that of the object in messages. */
export function readState(holder: Record<string, unknown>, name: string): StateEntries | null {
  const n = holder["n"] === undefined ? null : asNumber(holder["n"], "n");
  if (holder["psi"] !== undefined) return vectorOf(partsOf(holder["psi"], "psi"), n);
  if (holder["rho"] !== undefined) return matrixOf(partsOf(holder["rho"], "rho"), n);
  if (holder["re"] === undefined) return null;
  const parts = readEntries(holder, name);
  const isMatrix = parts.rows > 0 || (n !== null && parts.re.length !== n);
  return isMatrix ? matrixOf(parts, n) : vectorOf(parts, n);
}

function matrixOf({ re, im, rows }: ComplexEntries, n: number | null): StateEntries {
  return { form: "matrix", n: n ?? (rows > 0 ? rows : Math.sqrt(re.length)), re, im };
}

function vectorOf({ re, im }: ComplexEntries, n: number | null): StateEntries {
  return { form: "vector", n: n ?? re.length, re, im };
}

/** {"re":…,"im":…}, or real numbers alone. */
export function partsOf(value: unknown, name: string): ComplexEntries {
  return readEntries(Array.isArray(value) ? { re: value } : asObject(value, name), name);
}

/** The entries of an object with `re` and perhaps `im`. `name` is that of the object in messages. */
export function readEntries(holder: Record<string, unknown>, name: string): ComplexEntries {
  const { numbers: re, rows } = asNumbers(holder["re"], `${name}.re`);
  const im = holder["im"] === undefined ? re.map(() => 0) : asNumbers(holder["im"], `${name}.im`).numbers;
  return { re, im, rows };
}

export function asObject(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`Cannot read ${name}: it is ${describe(value)}; expected an object`);
  }
  return value as Record<string, unknown>;
}

export function asNumber(value: unknown, name: string): number {
  if (typeof value !== "number") {
    throw new TypeError(`Cannot read ${name}: it is ${describe(value)}; expected a number`);
  }
  return value;
}

/** Numbers, and the number of rows where they are given as a list of lists (else 0). All rows must have one length. */
export function asNumbers(value: unknown, name: string): { numbers: number[]; rows: number } {
  if (!Array.isArray(value)) {
    throw new TypeError(`Cannot read ${name}: it is ${describe(value)}; expected an array of numbers`);
  }
  if (!Array.isArray(value[0]))
    return { numbers: value.map((entry, k) => asNumber(entry, `${name}[${k}]`)), rows: 0 };
  const rows = value.map((row, i) => {
    if (!Array.isArray(row))
      throw new TypeError(`Cannot read ${name}[${i}]: it is ${describe(row)}; expected a row, as the first`);
    const numbers = row.map((entry, k) => asNumber(entry, `${name}[${i}][${k}]`));
    if (numbers.length === value[0].length) return numbers;
    throw new TypeError(
      `Cannot read ${name}[${i}]: it has ${numbers.length} entries; expected ${value[0].length}, as the first row`,
    );
  });
  return { numbers: rows.flat(), rows: rows.length };
}

function describe(value: unknown): string {
  if (value === undefined) return "absent";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "string" ? `the text ${JSON.stringify(value.slice(0, 40))}` : `a ${typeof value}`;
}
