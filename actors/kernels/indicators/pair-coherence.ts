/**
 * Coherence of two series over the last n rows: |Σ ab| / √(Σa² Σb²), in [0, 1].
 *
 * It is the l1 coherence (../coherence.ts) of their joint state ρ, n = 2, each scaled to the same power. NaN until there are n values, and where
 * one of the two did not move. O(rows · n).
 */
export function pairCoherence(a: Float64Array, b: Float64Array, n: number, out: Float64Array): Float64Array {
  out.fill(Number.NaN, 0, Math.min(n - 1, a.length));
  for (let i = n - 1; i < a.length; i++) {
    let ab = 0;
    let aa = 0;
    let bb = 0;
    for (let k = i - n + 1; k <= i; k++) {
      ab += a[k]! * b[k]!;
      aa += a[k]! * a[k]!;
      bb += b[k]! * b[k]!;
    }
    out[i] = aa > 0 && bb > 0 ? Math.min(1, Math.abs(ab) / Math.sqrt(aa * bb)) : Number.NaN;
  }
  return out;
}
