/** Where two plain values differ, path by path: `settings.collapse.risk`, `value[17]`, `channels[2].unit`. */

export interface FieldDifference {
  path: string;
  /** Undefined where one side has no such field. */
  a: unknown;
  b: unknown;
}

/** More are counted by nobody: the first few say what happened. */
const FIELDS_MAX = 20;

/** At most FIELDS_MAX, in the order of fields. Of a column of numbers only the first element that differs. */
export function differingFields(a: unknown, b: unknown): FieldDifference[] {
  const found: FieldDifference[] = [];
  walk("", a, b, found);
  return found;
}

function walk(path: string, a: unknown, b: unknown, found: FieldDifference[]): void {
  if (found.length >= FIELDS_MAX || Object.is(a, b)) return;
  if (isColumn(a) && isColumn(b)) {
    const length = Math.max(a.length, b.length);
    for (let i = 0; i < length; i++) {
      if (Object.is(a[i], b[i])) continue;
      found.push({ path: `${path}[${i}]`, a: a[i], b: b[i] });
      return;
    }
    return;
  }
  if (!isBranch(a) || !isBranch(b) || Array.isArray(a) !== Array.isArray(b)) {
    found.push({ path, a, b });
    return;
  }
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const below = Array.isArray(a) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`;
    walk(below, a[key], b[key], found);
  }
}

function isBranch(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value);
}

function isColumn(value: unknown): value is ArrayLike<number> {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}
