/** Times at which a live feed takes rows: start + k · every. */
export interface NextRow {
  /** The next point of the grid after `nowUs`, µs. */
  readonly dueUs: number;
  /** Points in between, of which no row was taken. */
  readonly missed: number;
}

/** After the row that was due at `dueUs`, at `nowUs` or before. */
export function nextRow(dueUs: number, nowUs: number, everyUs: number): NextRow {
  const missed = Math.max(0, Math.floor((nowUs - dueUs) / everyUs));
  return { dueUs: dueUs + (missed + 1) * everyUs, missed };
}
