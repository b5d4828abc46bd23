/**
 * Evidence that a row is an anomaly of its group: how rare excursions so high are in the stream, of steps or of levels.
 *
 *   score ──► excursion above BASE ──over for CALM_ROWS──► its peak is counted
 *     └─────► evidence = ln((rows + 1) / (1 + #{peaks ≥ score})) · min(1, score / LEAST)
 *
 * Rows of one excursion depend on each other; its peak is one event. So evidence of at least ln S means that fewer than one excursion in S rows
 * rises so high, whatever the law of the scores. An evidence of ln S is possible after S rows only, unless the score exceeds all before it:
 * the first S rows are for learning. Below LEAST nothing is an anomaly, however quiet the stream was.
 */
import type { Fields } from "../../../ports/detector.ts";
import { namedNumbers, prefixed } from "../../registered-numbers.ts";
import { EXCURSIONS, type JointScore } from "./joint-score.ts";
import { Rarity } from "./rarity.ts";

/**
 * Nats a channel. Independent noise has a mean of 0.05 and, from some ten channels, a standard deviation below 0.1. On the labelled servers
 * 0.4 to 0.8 serve alike: less finds more labels, more finds fewer false ones.
 */
const LEAST = 0.6;
/** A score from which an excursion begins. */
const BASE = LEAST / 2;
/** Rows below BASE after which an excursion is over. */
const CALM_ROWS = 32;
/** Excursions are rarer than this. */
const PEAK_SHARE = 0.2;
/** Of peaks beyond the largest seen. Scores are in nats, so their tails are exponential; this is heavier, for excursions differ in kind. */
const TAIL_INDEX = 4;

/** One excursion for each kind of evidence. */
const Excursion = namedNumbers("peak", "calm");

export class JointAlarm {
  readonly fields: Fields;
  private readonly excursion = new Excursion(EXCURSIONS);
  private readonly peaks = new Rarity(EXCURSIONS, PEAK_SHARE, TAIL_INDEX);
  private readonly scores = new Float64Array(EXCURSIONS);
  private readonly counted = new Float64Array(1);

  constructor() {
    this.fields = { excursion: this.excursion.array, ...prefixed("peaks", this.peaks.fields) };
  }

  /** Writes the evidence of the row that `joint` saw last to values[k], nats, and learns it. */
  evidenceAt(joint: Pick<JointScore, "excursions">, values: Float64Array, k: number): void {
    const { peaks, scores } = this;
    joint.excursions(scores);
    let most = 0;
    for (let i = 0; i < EXCURSIONS; i++) {
      const score = scores[i]!;
      if (score >= BASE) {
        peaks.evidenceAt(i, scores, i);
        // The larger of two kinds: twice as many excursions are as rare.
        const evidence = (scores[i]! - Math.LN2) * Math.min(1, score / LEAST);
        if (evidence > most) most = evidence;
      }
      scores[i] = score;
      this.learn(i);
    }
    values[k] = most;
  }

  /** Counts the row: as a peak when it ends an excursion, otherwise as one at the base. */
  private learn(i: number): void {
    const { counted } = this;
    const score = this.scores[i]!;
    const excursion = this.excursion.at(i);
    counted[0] = BASE;
    if (score >= BASE) {
      if (score > excursion.peak) excursion.peak = score;
      excursion.calm = 0;
    } else if (excursion.peak > 0) {
      excursion.calm++;
      if (excursion.calm >= CALM_ROWS) {
        counted[0] = excursion.peak;
        excursion.peak = 0;
      }
    }
    this.peaks.learnSize(i, counted, 0);
  }
}
