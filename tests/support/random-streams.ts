/** Seeded random numbers for tests: uniforms (mulberry32) and normals (Marsaglia's polar method), the same on every runtime. */
import ln from "@stdlib/math-base-special-ln";
import { uniforms } from "../../actors/kernels/uniforms.ts";

export { uniforms };

/** Standard normal. */
export function normals(seed: number): () => number {
  const uniform = uniforms(seed);
  let spare = Number.NaN;
  return () => {
    if (!Number.isNaN(spare)) {
      const out = spare;
      spare = Number.NaN;
      return out;
    }
    for (;;) {
      const x = 2 * uniform() - 1;
      const y = 2 * uniform() - 1;
      const s = x * x + y * y;
      if (s >= 1 || s === 0) continue;
      const f = Math.sqrt((-2 * ln(s)) / s);
      spare = y * f;
      return x * f;
    }
  };
}
