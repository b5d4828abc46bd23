/**
 * What the joint state says of two channels, in words. Who leads is said only where it is sure.
 *
 * The phase of a coherence g, estimated from n independent rows, has the standard deviation √((1 − g²) / (2 n g²)) (Carter 1987).
 */

export interface Pair {
  /** Magnitude coherence, 0 to 1; NaN where one of them does not move. */
  readonly coherence: number;
  readonly degrees: number;
}

export interface Certainty {
  /** Coherence that chance alone reaches; undefined: not known. */
  readonly floor: number | undefined;
  /** Independent rows; undefined: not known. */
  readonly rows: number | undefined;
}

/** Standard deviations from which a phase counts. */
const SURE = 2;
/** Nearer to in step, or to opposite, nobody acts on it. */
const LEAST_DEGREES = 8;

export function pairWords(pair: Pair, row: string, column: string, certainty: Certainty): string {
  const { coherence, degrees } = pair;
  const { floor, rows } = certainty;
  if (Number.isNaN(coherence)) return "one of them does not move";
  const shown = coherence.toFixed(2);
  const chance = floor === undefined ? "" : `, chance ${floor.toFixed(2)}`;
  if (floor !== undefined && coherence <= floor) return `move apart: no more than chance (${shown}${chance})`;
  const size = Math.abs(degrees);
  const isOpposite = size > 90;
  const way = isOpposite ? "move against each other" : "move together";
  const away = isOpposite ? 180 - size : size;
  const deviation =
    rows === undefined || coherence <= 0
      ? Number.POSITIVE_INFINITY
      : (180 / Math.PI) * Math.sqrt((1 - Math.min(1, coherence) ** 2) / (2 * rows * coherence ** 2));
  const isSure = away > Math.max(LEAST_DEGREES, SURE * deviation);
  const lead = isSure ? `; ${leads(degrees, isOpposite) ? row : column} leads` : "";
  return `${way} (${shown}${chance})${lead}`;
}

/** Whether the channel of the row is ahead. Of what moves against each other: ahead of the other's opposite. */
function leads(degrees: number, isOpposite: boolean): boolean {
  return isOpposite ? degrees < 0 : degrees > 0;
}
