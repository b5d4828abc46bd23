/**
 * Seeded uniform numbers on [0, 1) with 32 bits of state: the same on every runtime. For what needs to be repeatable, not unpredictable.
 *
 *   s ← s + 6d2b79f5₁₆,   t = (s ⊕ s≫15)·(s ∨ 1),   t ← t ⊕ (t + (t ⊕ t≫7)·(t ∨ 61)),   u = (t ⊕ t≫14) / 2³²      (mod 2³²)
 *
 * Source: Mulberry32, Ettinger 2017 (public domain). Period 2³²; about a third of the 32-bit values never occur. O(1).
 */
export function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
