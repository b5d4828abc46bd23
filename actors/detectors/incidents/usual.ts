/**
 * How large the findings of each channel usually are: nine in ten of those that were no alarm are smaller. Forgotten over a week.
 *
 *   finding larger than usual: usual × e^0.9, not above it        smaller: usual × e^−0.1        (Robbins & Monro 1951, in the logarithm)
 *
 * Many channels are bursts on nothing. What is usual for them is the size of their bursts, so an effect is measured in units of it: what is found while a
 * machine is learnt, and what passes without an alarm, is usual from then on (peaks over a threshold, with long memory).
 */
export type Usual = Readonly<Record<string, { readonly effect: number; readonly atUs: number }>>;

/** e^0.9 and e^−0.1: at rest nine findings in ten are smaller. */
const UP = 2.45960311115695;
const DOWN = 0.9048374180359595;

/** What a first finding teaches at most: a single one may be of a channel that has no scale yet. */
const FIRST_MAX = 10;

/** People's weeks repeat: what was usual a week ago need not be. */
const MEMORY_US = 7 * 86_400_000_000;

/** Names kept: the channels of eight large groups. The ones that were seen longest ago go first. */
const NAMES_MAX = 1_024;

/** The effect in units of what is usual for the name, ≥ 0. At most `effect`. */
export function relative(usual: Usual, name: string, effect: number, nowUs: number): number {
  return effect / Math.max(1, usualEffect(usual, name, nowUs));
}

/** The memory with an effect that was no alarm. */
export function remembered(usual: Usual, name: string, effect: number, nowUs: number): Usual {
  const known = usualEffect(usual, name, nowUs);
  const learnt =
    known === 0 ? Math.min(effect, FIRST_MAX) : effect > known ? Math.min(effect, known * UP) : known * DOWN;
  const { [name]: _, ...others } = usual;
  const names = Object.keys(others);
  const kept = names.length < NAMES_MAX ? others : without(others, names[0]!);
  return { ...kept, [name]: { effect: learnt, atUs: nowUs } };
}

function usualEffect(usual: Usual, name: string, nowUs: number): number {
  const known = Object.hasOwn(usual, name) ? usual[name] : undefined;
  if (known === undefined) return 0;
  return known.effect * Math.max(0, 1 - (nowUs - known.atUs) / MEMORY_US);
}

function without(usual: Usual, name: string): Usual {
  const { [name]: _, ...others } = usual;
  return others;
}
