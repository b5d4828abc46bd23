/** Strength as the number of times that an effect is applied. */
import exp from "@stdlib/math-base-special-exp";
import ln from "@stdlib/math-base-special-ln";

/** What is left of 1 after the share `left` is kept `strength` times: left^strength, 1 at strength 0. */
export function leftAfter(left: number, strength: number): number {
  return exp(strength * ln(left));
}
