/**
 * Moments of rows (t, z, y), t = 0, 1, 2, …, from which a line with autoregressive noise is fitted: y = a + b t + φ z + e, where z is the
 * value before y. Prefixes of the rows are kept, so that every split of the rows into two lines is priced in constant time.
 *
 * For a given φ the series e = y − φ z has a line of its own; its residual sum of squares needs the mean of e, S_te and S_ee only. The part
 * after a split is the whole less the part before, by the formulas for merging centred moments (Chan, Golub & LeVeque 1983): no sums of
 * squares of the values themselves are subtracted.
 */

/** Offsets of a record: number of rows, means of y and z, and centred sums of products. The moments of t follow from the number. */
const M = { rows: 0, meanY: 1, meanZ: 2, ty: 3, tz: 4, yy: 5, zy: 6, zz: 7 } as const;
export const MOMENTS_WIDTH = 8;

/** Offsets of the fit that `fitLine` writes. `slope` is b; `residual` the sum of squares; `rows` as in the moments. */
export const FIT = { phi: 0, slope: 1, residual: 2, meanE: 3, te: 4, ee: 5, rows: 6 } as const;
export const FIT_WIDTH = 7;

/** Adds the row (z, y) = (row[0], row[1]) to the record at `at`. O(1). */
export function addRow(moments: Float64Array, at: number, row: Float64Array): void {
  const before = moments[at + M.rows]!;
  const rows = before + 1;
  const share = before / rows;
  const dt = (before + 1) / 2;
  const dz = row[0]! - moments[at + M.meanZ]!;
  const dy = row[1]! - moments[at + M.meanY]!;
  moments[at + M.rows] = rows;
  moments[at + M.meanY] = moments[at + M.meanY]! + dy / rows;
  moments[at + M.meanZ] = moments[at + M.meanZ]! + dz / rows;
  moments[at + M.ty] = moments[at + M.ty]! + share * dt * dy;
  moments[at + M.tz] = moments[at + M.tz]! + share * dt * dz;
  moments[at + M.yy] = moments[at + M.yy]! + share * dy * dy;
  moments[at + M.zy] = moments[at + M.zy]! + share * dz * dy;
  moments[at + M.zz] = moments[at + M.zz]! + share * dz * dz;
}

/** S_tt of `rows` successive rows. */
function timeSquares(rows: number): number {
  return (rows * (rows * rows - 1)) / 12;
}

/**
 * Fits line and φ to the record and writes FIT_WIDTH numbers to `fits`, from `fit` on.
 *
 * φ is the one that stands there if `keepPhi`; otherwise the least-squares estimate, corrected for its bias −(2 + 4φ)/rows (Tanaka 1984: a
 * line is fitted with it), within [0, 1]: the noise is at most a random walk. Needs at least 6 rows.
 */
export function fitLine(
  moments: Float64Array,
  at: number,
  fits: Float64Array,
  fit: number,
  keepPhi: boolean,
): void {
  const rows = moments[at + M.rows]!;
  const tt = timeSquares(rows);
  const ty = moments[at + M.ty]!;
  const tz = moments[at + M.tz]!;
  let phi = fits[fit + FIT.phi]!;
  if (!keepPhi) {
    const zz = moments[at + M.zz]! - (tz * tz) / tt;
    const zy = moments[at + M.zy]! - (tz * ty) / tt;
    const plain = zz > 0 ? zy / zz : 0;
    phi = Math.max(0, Math.min(1, (plain + 2 / rows) / (1 - 4 / rows)));
  }
  const te = ty - phi * tz;
  const ee = moments[at + M.yy]! - 2 * phi * moments[at + M.zy]! + phi * phi * moments[at + M.zz]!;
  fits[fit + FIT.phi] = phi;
  fits[fit + FIT.slope] = te / tt;
  fits[fit + FIT.meanE] = moments[at + M.meanY]! - phi * moments[at + M.meanZ]!;
  fits[fit + FIT.te] = te;
  fits[fit + FIT.ee] = ee;
  fits[fit + FIT.rows] = rows;
  fits[fit + FIT.residual] = Math.max(0, ee - (te * te) / tt);
}

/** What the fit expects of y in row number t, t ≥ the fitted rows, whose predecessor is `z`. */
export function expectedAt(fits: Float64Array, fit: number, t: number, z: number): number {
  const ahead = t - (fits[fit + FIT.rows]! - 1) / 2;
  return fits[fit + FIT.meanE]! + fits[fit + FIT.phi]! * z + fits[fit + FIT.slope]! * ahead;
}

/**
 * Of the prefixes in records `first` to `end` (exclusive), the one after which a second line leaves the least residual sum of squares, which
 * goes to residual[0]; -1: none. `fit` is of the whole and gives φ. Both parts have at least `least` ≥ 3 rows. O(end − first).
 */
export function bestSplit(
  prefixes: Float64Array,
  first: number,
  end: number,
  fits: Float64Array,
  fit: number,
  least: number,
  residual: Float64Array,
): number {
  const rows = fits[fit + FIT.rows]!;
  const phi = fits[fit + FIT.phi]!;
  const mean = fits[fit + FIT.meanE]!;
  const te = fits[fit + FIT.te]!;
  const ee = fits[fit + FIT.ee]!;
  let found = -1;
  let lowest = Number.POSITIVE_INFINITY;
  for (let record = first; record < end; record++) {
    const at = record * MOMENTS_WIDTH;
    const rows1 = prefixes[at + M.rows]!;
    const rows2 = rows - rows1;
    if (rows1 < least || rows2 < least) continue;
    const mean1 = prefixes[at + M.meanY]! - phi * prefixes[at + M.meanZ]!;
    const te1 = prefixes[at + M.ty]! - phi * prefixes[at + M.tz]!;
    const ee1 = prefixes[at + M.yy]! - 2 * phi * prefixes[at + M.zy]! + phi * phi * prefixes[at + M.zz]!;
    const jump = ((mean - mean1) * rows) / rows2;
    const between = ((rows1 * rows2) / rows) * jump;
    const te2 = te - te1 - (between * rows) / 2;
    const ee2 = ee - ee1 - between * jump;
    const sum =
      Math.max(0, ee1 - (te1 * te1) / timeSquares(rows1)) +
      Math.max(0, ee2 - (te2 * te2) / timeSquares(rows2));
    if (sum < lowest) {
      lowest = sum;
      found = record;
    }
  }
  residual[0] = lowest;
  return found;
}

/** Offsets of the line that `writeLine` writes: the value at its last row, the slope a row, the standard deviation about it. */
export const LINE = { end: 0, slope: 1, spread: 2 } as const;
export const LINE_WIDTH = 3;

/** The line through the values y of a record of at least 3 rows, as if their noise were independent. O(1). */
export function writeLine(moments: Float64Array, at: number, line: Float64Array): void {
  const rows = moments[at + M.rows]!;
  const ty = moments[at + M.ty]!;
  const slope = ty / timeSquares(rows);
  line[LINE.end] = moments[at + M.meanY]! + (slope * (rows - 1)) / 2;
  line[LINE.slope] = slope;
  line[LINE.spread] = Math.sqrt(Math.max(0, moments[at + M.yy]! - slope * ty) / (rows - 2));
}

/**
 * Offsets of the course that `writeCourse` writes: how the values go on. `rows` fitted; `mean` of the line in their middle; `slope` a row and its
 * standard error; `phi` and `deviation` of the noise's steps.
 */
export const COURSE = { rows: 0, mean: 1, slope: 2, error: 3, phi: 4, deviation: 5 } as const;
export const COURSE_WIDTH = 6;

/** Numbers fitted: intercept, slope, φ, and two for what is not known of φ. */
const COURSE_FITTED = 5;
/**
 * What could be a random walk counts as one: when a line is fitted to N rows of it, the estimate of (1 − φ)N, corrected for bias, is below this for 19
 * of 20 (Dickey & Fuller 1979; Fuller 1976, table 8.5.1, −21.8 before the correction of 6).
 */
const WALK_UNTIL = 16;

/**
 * The line through the values y of a record of at least 6 rows, with the standard error of its slope under the noise of the fit.
 *
 * The slope of ordinary least squares has the variance σ²/N · 12/(10 + 4x + x²), x = (1 − φ)N: exact for a random walk (x = 0) and for x ≫ 1, up to a third
 * too large between them, and for the fewest rows up to 8 % too small (a test compares it with the sum). `rounding`: variance of rounding. O(1).
 */
export function writeCourse(
  moments: Float64Array,
  at: number,
  fits: Float64Array,
  fit: number,
  rounding: number,
  course: Float64Array,
): void {
  const rows = moments[at + M.rows]!;
  const phi = fits[fit + FIT.phi]!;
  const variance = (fits[fit + FIT.residual]! + rows * rounding) / (rows - COURSE_FITTED);
  const x = Math.max(0, (1 - phi) * rows - WALK_UNTIL);
  course[COURSE.rows] = rows;
  course[COURSE.mean] = moments[at + M.meanY]!;
  course[COURSE.slope] = moments[at + M.ty]! / timeSquares(rows);
  course[COURSE.error] = Math.sqrt(((variance / rows) * 12) / (10 + 4 * x + x * x));
  course[COURSE.phi] = phi;
  course[COURSE.deviation] = Math.sqrt(variance);
}
