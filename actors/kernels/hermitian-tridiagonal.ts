/**
 * Complex Hermitian matrix → real symmetric tridiagonal matrix, by Householder reflections.
 *
 *   A = Q D T D† Q†,   Q = H_{n−1} … H_1,   H_i = 1 − v_i v_i† / h_i,   D a diagonal of unit phases
 *
 * Only the lower triangle is read. Rows are eliminated from the last to the first, so every inner loop runs along a row.
 * Source: Householder 1958; Wilkinson 1965, The Algebraic Eigenvalue Problem, §5; the phases replace the complex
 * off-diagonal entries that remain after a reflection with real h.
 */

/** Smallest normal double. A scaled row below its root is zero in 53 bits. */
const TINY = 2.2250738585072014e-308;

/**
 * Reduces the n×n Hermitian matrix held in the lower triangles of `re`, `im` (row-major; overwritten).
 *
 * Writes the diagonal of T to `diagonal[0..n−1]` and |T_{i,i−1}| ≥ 0 to `offDiagonal[i−1]`; `offDiagonal[n−1]` is 0.
 * On return row i of `re`, `im` holds v_i in columns 0..i−1 and `heights[i]` holds h_i (0 = no reflection);
 * `phaseRe`, `phaseIm` hold D. `workRe`, `workIm` are scratch. All vectors have length ≥ n.
 * Cost 4/3 n³ complex multiply-adds at most; allocates nothing.
 */
export function tridiagonalise(
  n: number,
  re: Float64Array,
  im: Float64Array,
  diagonal: Float64Array,
  offDiagonal: Float64Array,
  heights: Float64Array,
  phaseRe: Float64Array,
  phaseIm: Float64Array,
  workRe: Float64Array,
  workIm: Float64Array,
): void {
  for (let i = n - 1; i >= 1; i--) {
    const row = i * n;
    const last = i - 1;
    let norm2 = 0;
    for (let j = 0; j < i; j++) norm2 += re[row + j]! * re[row + j]! + im[row + j]! * im[row + j]!;
    const norm = norm2 < TINY ? 0 : Math.sqrt(norm2);
    offDiagonal[last] = norm;
    if (norm === 0) {
      heights[i] = 0;
      phaseRe[i] = 1;
      phaseIm[i] = 0;
      continue;
    }
    // The column above the diagonal is the conjugate of the row: c_j = conj(a_ij).
    const headRe = re[row + last]!;
    const headIm = -im[row + last]!;
    const head = Math.sqrt(headRe * headRe + headIm * headIm);
    const unitRe = head === 0 ? 1 : headRe / head;
    const unitIm = head === 0 ? 0 : headIm / head;
    // H c = −unit·norm·e_{i−1}. D removes this phase (computed below, when all phases are known).
    phaseRe[i] = -unitRe;
    phaseIm[i] = -unitIm;
    // A row with one entry is already tridiagonal, but its phase is still needed.
    for (let j = 0; j < last; j++) im[row + j] = -im[row + j]!;
    re[row + last] = headRe + unitRe * norm;
    im[row + last] = headIm + unitIm * norm;
    const h = norm * (norm + head);
    heights[i] = h;
    reflectLeading(n, i, re, im, h, workRe, workIm);
  }
  if (n > 0) offDiagonal[n - 1] = 0;
  for (let i = 0; i < n; i++) diagonal[i] = re[i * n + i]!;
  chainPhases(n, phaseRe, phaseIm);
}

/** A ← H A H on the leading i×i block, H = 1 − v v†/h with v in row i: A −= v w† + w v†. */
function reflectLeading(
  n: number,
  i: number,
  re: Float64Array,
  im: Float64Array,
  h: number,
  pRe: Float64Array,
  pIm: Float64Array,
): void {
  const row = i * n;
  // p = A v / h from the lower triangle: entry (j,k) is used for row j and, conjugated, for row k.
  for (let j = 0; j < i; j++) {
    const base = j * n;
    const vjRe = re[row + j]!;
    const vjIm = im[row + j]!;
    let sumRe = re[base + j]! * vjRe;
    let sumIm = re[base + j]! * vjIm;
    for (let k = 0; k < j; k++) {
      const aRe = re[base + k]!;
      const aIm = im[base + k]!;
      const vkRe = re[row + k]!;
      const vkIm = im[row + k]!;
      sumRe += aRe * vkRe - aIm * vkIm;
      sumIm += aRe * vkIm + aIm * vkRe;
      pRe[k] = pRe[k]! + (aRe * vjRe + aIm * vjIm);
      pIm[k] = pIm[k]! + (aRe * vjIm - aIm * vjRe);
    }
    pRe[j] = sumRe;
    pIm[j] = sumIm;
  }
  const inverse = 1 / h;
  let overlap = 0;
  for (let j = 0; j < i; j++) {
    pRe[j] = pRe[j]! * inverse;
    pIm[j] = pIm[j]! * inverse;
    overlap += re[row + j]! * pRe[j]! + im[row + j]! * pIm[j]!;
  }
  // w = p − (v†p / 2h) v; v†p is real because A is Hermitian.
  const half = 0.5 * overlap * inverse;
  for (let j = 0; j < i; j++) {
    pRe[j] = pRe[j]! - half * re[row + j]!;
    pIm[j] = pIm[j]! - half * im[row + j]!;
  }
  for (let j = 0; j < i; j++) {
    const base = j * n;
    const vRe = re[row + j]!;
    const vIm = im[row + j]!;
    const wRe = pRe[j]!;
    const wIm = pIm[j]!;
    for (let k = 0; k <= j; k++) {
      const vkRe = re[row + k]!;
      const vkIm = im[row + k]!;
      const wkRe = pRe[k]!;
      const wkIm = pIm[k]!;
      re[base + k] = re[base + k]! - (vRe * wkRe + vIm * wkIm + wRe * vkRe + wIm * vkIm);
      im[base + k] = im[base + k]! - (vIm * wkRe - vRe * wkIm + wIm * vkRe - wRe * vkIm);
    }
  }
}

/**
 * Converts the phase of each off-diagonal entry T_{i−1,i} (in slot i) to the diagonal D with D_0 = 1,
 * D_{i−1} |T_{i−1,i}| conj(D_i) = T_{i−1,i}, that is D_i = D_{i−1} · conj(phase_i).
 */
function chainPhases(n: number, phaseRe: Float64Array, phaseIm: Float64Array): void {
  if (n === 0) return;
  phaseRe[0] = 1;
  phaseIm[0] = 0;
  for (let i = 1; i < n; i++) {
    const aRe = phaseRe[i - 1]!;
    const aIm = phaseIm[i - 1]!;
    const bRe = phaseRe[i]!;
    const bIm = -phaseIm[i]!;
    phaseRe[i] = aRe * bRe - aIm * bIm;
    phaseIm[i] = aRe * bIm + aIm * bRe;
  }
}

/**
 * Converts eigenvectors of T to eigenvectors of A: x ← Q D z for each of `count` row vectors.
 *
 * Vector k occupies `vecRe[k·n .. k·n+n−1]` (imaginary part set here). `re`, `im`, `heights`, phases as left by
 * `tridiagonalise`. Cost 2 n² complex multiply-adds a vector; allocates nothing.
 */
export function undoTridiagonalisation(
  n: number,
  count: number,
  re: Float64Array,
  im: Float64Array,
  heights: Float64Array,
  phaseRe: Float64Array,
  phaseIm: Float64Array,
  vecRe: Float64Array,
  vecIm: Float64Array,
): void {
  for (let k = 0; k < count; k++) {
    const at = k * n;
    for (let j = 0; j < n; j++) {
      const z = vecRe[at + j]!;
      vecRe[at + j] = z * phaseRe[j]!;
      vecIm[at + j] = z * phaseIm[j]!;
    }
    for (let i = 1; i < n; i++) {
      const h = heights[i]!;
      if (h === 0) continue;
      const row = i * n;
      let sRe = 0;
      let sIm = 0;
      for (let j = 0; j < i; j++) {
        const vRe = re[row + j]!;
        const vIm = im[row + j]!;
        sRe += vRe * vecRe[at + j]! + vIm * vecIm[at + j]!;
        sIm += vRe * vecIm[at + j]! - vIm * vecRe[at + j]!;
      }
      sRe /= h;
      sIm /= h;
      for (let j = 0; j < i; j++) {
        const vRe = re[row + j]!;
        const vIm = im[row + j]!;
        vecRe[at + j] = vecRe[at + j]! - (vRe * sRe - vIm * sIm);
        vecIm[at + j] = vecIm[at + j]! - (vRe * sIm + vIm * sRe);
      }
    }
  }
}
