/**
 * The Bloch vector r of one qubit: ρ = (1 + xσx + yσy + zσz) / 2 with |r| ≤ 1, equal for pure states.
 *
 * `re`, `im` are 2×2 row-major. O(1), allocates the result.
 */
export function blochVector(
  re: ArrayLike<number>,
  im: ArrayLike<number>,
): { readonly x: number; readonly y: number; readonly z: number } {
  return { x: re[1]! + re[2]!, y: im[2]! - im[1]!, z: re[0]! - re[3]! };
}
