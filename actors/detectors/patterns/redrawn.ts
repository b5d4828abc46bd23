/**
 * Whether a path is more alike to a shape than its channel draws by chance: a conformal test among redrawn paths.
 *
 *   values before the path ─► φ and mean, steps e = y − m − φ (y₋₁ − m) ─► a path anew: each step drawn from those ─► its likeness
 *
 * While steps are exchangeable, the likeness of the real path is of all ranks alike: it exceeds all of N redrawn ones with probability 1/(N + 1).
 * φ is estimated, and steps are drawn from the past alone, so that holds approximately; a test measures it. What a random walk could be is one.
 */
import { MATCH, MATCH_WIDTH, matchShape, SHAPE_POINTS } from "../../kernels/shapes.ts";
import { meanOf, persistenceOf } from "./persistence.ts";

/** Values before the path: φ is then known to a tenth. */
export const PAST_POINTS = 128;

export class Redrawn {
  /** PAST_POINTS values, then the path. */
  readonly values = new Float64Array(PAST_POINTS + SHAPE_POINTS);
  private readonly steps = new Float64Array(PAST_POINTS - 1);
  private readonly path = new Float64Array(SHAPE_POINTS);
  private readonly redrawn = new Float64Array(MATCH_WIDTH);

  /** Whether none of `draws` redrawn paths is as alike to any shape as the path, which has this likeness. */
  isLikest(likeness: number, draws: number, random: () => number): boolean {
    const { values, steps, path, redrawn } = this;
    const mean = meanOf(values, PAST_POINTS);
    const phi = persistenceOf(values, PAST_POINTS, mean);
    for (let k = 1; k < PAST_POINTS; k++) steps[k - 1] = values[k]! - mean - phi * (values[k - 1]! - mean);
    for (let d = 0; d < draws; d++) {
      let value = values[PAST_POINTS - 1]! - mean;
      for (let k = 0; k < SHAPE_POINTS; k++) {
        value = phi * value + steps[Math.floor(random() * steps.length)]!;
        path[k] = value;
      }
      matchShape(path, 0, redrawn);
      if (redrawn[MATCH.likeness]! >= likeness) return false;
    }
    return true;
  }
}
