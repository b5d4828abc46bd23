/** Seeded random numbers for tests: uniforms (mulberry32) and normals (Marsaglia's polar method), the same on every runtime. */
import ln from "@stdlib/math-base-special-ln";

/** Uniform on [0, 1), 32 bits. */
export function uniforms(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

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
