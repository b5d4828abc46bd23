/**
 * Cross-fitting: what is chosen on data, such as a threshold, is measured on other data.
 *
 *     const points = crossFitted(files, {
 *       fit: (others) => bestThreshold(others),
 *       measure: (file, threshold) => pointsAt(file, threshold),
 *     });
 *
 * Each item is in one fold; its measure uses what was fitted on the items of all other folds.
 */

export interface CrossFit<Item, Fitted, Measure> {
  /** Items k, k + folds, k + 2 folds … are one fold. Default: each item is a fold of its own. */
  readonly folds?: number;
  /** `items`: those of the other folds. */
  fit(items: readonly Item[]): Fitted;
  measure(item: Item, fitted: Fitted): Measure;
}

/** Measures in the order of the items. Needs two folds and at least as many items. */
export function crossFitted<Item, Fitted, Measure>(
  items: readonly Item[],
  { folds = items.length, fit, measure }: CrossFit<Item, Fitted, Measure>,
): Measure[] {
  if (folds < 2 || items.length < folds)
    throw new RangeError(
      `Cannot cross-fit ${items.length} items in ${folds} folds: expected at least two of each`,
    );
  const fitted = Array.from({ length: folds }, (_, fold) => fit(items.filter((_, k) => k % folds !== fold)));
  return items.map((item, k) => measure(item, fitted[k % folds]!));
}
