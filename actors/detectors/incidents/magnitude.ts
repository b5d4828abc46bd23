/**
 * How large an incident is, for its severity: the logarithm of its effect × √its persistence × its breadth².
 *
 *   ln (1 + effect) + ½ ln (1 + persistences) + 2 ln breadth            effect counts up to EFFECT_MAX
 *
 * Breadth counts most: one channel may be as loud as it likes, but things that concern people move several. What merely lasts grows slowly.
 */
import ln from "@stdlib/math-base-special-ln";
import type { Severity } from "../../../protocol/messages.ts";
import { SEVERITIES } from "../../../protocol/schemas.ts";

export interface Size {
  /** The largest effect of one finding, in units of what is usual. */
  readonly effect: number;
  /** How long it has lasted, in units of the persistence that an incident needs. */
  readonly persistences: number;
  /** Most channels that were concerned at once. */
  readonly breadth: number;
}

/** A channel that is constant as a rule has no scale: beyond ten times what is usual an effect says no more. */
const EFFECT_MAX = 10;

/** Ten channels at ten times what is usual at once: nobody waits for it to last. One channel alone can't reach it. */
const EXTREME = 1_000;

/** Such a thing that lasts is critical: ten channels at ten times what is usual. */
const CRITICAL = ln(1_000);
/** Three channels at three times what is usual. */
const WARNING = ln(30);

export function magnitudeOf({ effect, persistences, breadth }: Size): number {
  const size = 1 + Math.min(effect, EFFECT_MAX);
  return ln(size) + ln(1 + persistences) / 2 + 2 * ln(Math.max(1, breadth));
}

export function severityOf(size: Size): Severity {
  const magnitude = magnitudeOf(size);
  if (magnitude >= CRITICAL) return "critical";
  return magnitude >= WARNING ? "warning" : "notice";
}

/** Size as a share of that of a warning, in [0, 1]. */
export function severityShare(size: Size): number {
  return Math.min(1, magnitudeOf(size) / WARNING);
}

export function isAbove(severity: Severity, other: Severity): boolean {
  return SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(other);
}

export function isExtreme({ effect, breadth }: Size): boolean {
  return Math.min(effect, EFFECT_MAX) * breadth * breadth >= EXTREME;
}
