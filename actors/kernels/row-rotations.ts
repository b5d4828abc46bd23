/**
 * The plane rotations of a QL iteration, in order: V = R_K … R_2 R_1 has the eigenvectors of the tridiagonal matrix as rows.
 *
 *   R(i; c, s):  row i ← c·row i − s·row i+1,   row i+1 ← s·row i + c·row i+1
 *
 * All of V is K rotations of rows of length n, O(n³), since K is about 1.1 n². One row of V is e_kᵀ R_K … R_1: from the left, each rotation
 * changes two numbers, O(n²) in all. Both are products of the same rotations and differ by rounding.
 */
export class RowRotations {
  private readonly n: number;
  private count = 0;
  private sweeps = 0;
  /** Cosine and sine of each rotation. */
  private angles: Float64Array;
  /** Of each sweep its first row i, which then goes down by one with each rotation, and where its rotations end. */
  private starts: Int32Array;
  private ends: Int32Array;

  /** For matrices of order n. More than the usual number of rotations have room; a rare matrix makes it grow. */
  constructor(n: number) {
    this.n = n;
    this.angles = new Float64Array(3 * n * n);
    this.starts = new Int32Array(4 * n);
    this.ends = new Int32Array(4 * n);
  }

  clear(): void {
    this.count = 0;
    this.sweeps = 0;
  }

  /** A sweep begins: its rotations are of the rows i = `first`, `first` − 1, … ≥ 0. */
  beginSweep(first: number): void {
    if (this.sweeps === this.starts.length) {
      this.starts = grown(this.starts);
      this.ends = grown(this.ends);
    }
    if (2 * (this.count + this.n) > this.angles.length) this.angles = grown(this.angles);
    this.starts[this.sweeps] = first;
    this.ends[this.sweeps] = this.count;
    this.sweeps++;
  }

  /** The next rotation of the sweep. */
  add(c: number, s: number): void {
    this.angles[2 * this.count] = c;
    this.angles[2 * this.count + 1] = s;
    this.count++;
    this.ends[this.sweeps - 1] = this.count;
  }

  /** V ← R_K … R_1 V for the n×n row-major `matrix`. O(n³); allocates nothing. */
  rotateRows(matrix: Float64Array): void {
    const { n, angles, starts, ends, sweeps } = this;
    let k = 0;
    for (let sweep = 0; sweep < sweeps; sweep++) {
      for (let i = starts[sweep]!; k < ends[sweep]!; k++, i--)
        rotate(n, i * n, angles[2 * k]!, angles[2 * k + 1]!, matrix);
    }
  }

  /** xᵀ ← xᵀ R_K … R_1 for a `row` of length n: from e_k it becomes row k of V. O(n²); allocates nothing. */
  rotateFromLeft(row: Float64Array): void {
    const { angles, starts, ends, sweeps } = this;
    for (let sweep = sweeps - 1; sweep >= 0; sweep--) {
      const begin = sweep === 0 ? 0 : ends[sweep - 1]!;
      const end = ends[sweep]!;
      let i = starts[sweep]! - (end - begin) + 1;
      for (let k = end - 1; k >= begin; k--, i++) {
        const c = angles[2 * k]!;
        const s = angles[2 * k + 1]!;
        const a = row[i]!;
        const b = row[i + 1]!;
        row[i] = c * a + s * b;
        row[i + 1] = c * b - s * a;
      }
    }
  }
}

/** Rotates the rows of length n at `lower` and `lower` + n. */
function rotate(n: number, lower: number, c: number, s: number, matrix: Float64Array): void {
  const upper = lower + n;
  for (let k = 0; k < n; k++) {
    const a = matrix[lower + k]!;
    const b = matrix[upper + k]!;
    matrix[upper + k] = s * a + c * b;
    matrix[lower + k] = c * a - s * b;
  }
}

function grown<T extends Float64Array | Int32Array>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(2 * array.length);
  larger.set(array);
  return larger;
}
