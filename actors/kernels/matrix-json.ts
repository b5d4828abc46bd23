/**
 * Vectors and matrices as JSON has them: `re` and `im` are lists of numbers, or lists of rows. Without `im` they are real.
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
    const { numbers } = asNumbers(row, `${name}[${i}]`);
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
