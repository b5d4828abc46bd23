/** The rank-one update of a density matrix by one sample. */

/**
 * ρ ← (1−α)ρ + αψψ†, exactly Hermitian, diagonal exactly real; trace and positivity are kept for ‖ψ‖ = 1, 0 ≤ α ≤ 1.
 *
 * `re`, `im`: n×n row-major, Hermitian on entry (lower triangle read, both written). In the same pass writes
 * `out[0]` = q = ψ†ρψ BEFORE the update (fidelity of the sample with the state; 1−q is its surprise), `out[1]` = purity
 * AFTER it, `out[2]` = trace after it. O(n²), allocates nothing. Slow version: `rankOneUpdateSlow`.
 */
export function rankOneUpdate(
  n: number,
  re: Float64Array,
  im: Float64Array,
  psiRe: Float64Array,
  psiIm: Float64Array,
  alpha: number,
  out: Float64Array,
): void {
  const keep = 1 - alpha;
  let overlapBelow = 0;
  let overlapDiagonal = 0;
  let purityBelow = 0;
  let purityDiagonal = 0;
  let trace = 0;
  for (let i = 0; i < n; i++) {
    const row = i * n;
    const aRe = psiRe[i]!;
    const aIm = psiIm[i]!;
    let column = i;
    for (let j = 0; j < i; j++) {
      const bRe = psiRe[j]!;
      const bIm = psiIm[j]!;
      const pRe = aRe * bRe + aIm * bIm;
      const pIm = aIm * bRe - aRe * bIm;
      const oldRe = re[row + j]!;
      const oldIm = im[row + j]!;
      overlapBelow += oldRe * pRe + oldIm * pIm;
      const newRe = keep * oldRe + alpha * pRe;
      const newIm = keep * oldIm + alpha * pIm;
      purityBelow += newRe * newRe + newIm * newIm;
      re[row + j] = newRe;
      im[row + j] = newIm;
      re[column] = newRe;
      im[column] = -newIm;
      column += n;
    }
    const p = aRe * aRe + aIm * aIm;
    const old = re[row + i]!;
    overlapDiagonal += old * p;
    const fresh = keep * old + alpha * p;
    purityDiagonal += fresh * fresh;
    trace += fresh;
    re[row + i] = fresh;
    im[row + i] = 0;
  }
  out[0] = overlapDiagonal + 2 * overlapBelow;
  out[1] = purityDiagonal + 2 * purityBelow;
  out[2] = trace;
}

/** The same update by the formula, entry by entry, without q, purity and trace. */
export function rankOneUpdateSlow(
  n: number,
  re: Float64Array,
  im: Float64Array,
  psiRe: Float64Array,
  psiIm: Float64Array,
  alpha: number,
): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      re[i * n + j] = (1 - alpha) * re[i * n + j]! + alpha * (psiRe[i]! * psiRe[j]! + psiIm[i]! * psiIm[j]!);
      im[i * n + j] = (1 - alpha) * im[i * n + j]! + alpha * (psiIm[i]! * psiRe[j]! - psiRe[i]! * psiIm[j]!);
    }
  }
}
