/**
 * Detects unusual samples of single channels and of all channels together, and reports them as episodes.
 *
 *   row ─► views of each channel ─► conformal evidence ─► largest ─► long-run scale ─► E_c ─► episode of c
 *    └───► joint views: breadth Σ min(E_c, cap)/n, Mahalanobis distance of the innovations ─► E_joint ─► joint episode
 *
 * E is −ln p, where p is how often a sample of the channel is at least as unusual. An episode opens at E ≥ ln S, where S is the guaranteed
 * number of samples between false alarms, and closes after `cooldownSamples` rows below half of that. A joint episode opens at
 * E_joint ≥ ln S, or when a quarter of the channels would open at once; while it is open, no episode of a single channel opens. The score
 * of a sample is E / (E + SCORE_HALF), in [0, 1).
 *
 * Cost: about 150 ns a sample at windows of 512.
 */
import ln from "@stdlib/math-base-special-ln";
import type { Settings } from "../../../protocol/settings.ts";
import type { Batch, Detector, DetectorContext, Fields, Group } from "../../ports/detector.ts";
import { defineDetector } from "../define-detector.ts";
import { falseAlarmSamples, UNKNOWN_SPACING_US } from "../false-alarm-rate.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import { RowSpacing } from "../row-spacing.ts";
import { ChannelViews, VIEWS } from "./channel-views.ts";
import { ConformalViews } from "./conformal-views.ts";
import { describeEpisode, Episodes, JOINT_VIEW } from "./episodes.ts";
import { EvidenceScale } from "./evidence-scale.ts";
import { JointDistance } from "./joint-distance.ts";
import { anomalyMachine } from "./machine.ts";

export const anomaly = defineDetector({
  name: "anomaly",
  version: 2,
  machine: anomalyMachine,
  enabled: (settings, group) => settings.anomaly.enabled && !group.states,
  createDetector: (settings, group) => new AnomalyDetector(settings, group),
  machineInput: (_settings, group) => ({ group: group.name }),
});

/** Evidence at which the score is one half: one sample in ten thousand. */
const SCORE_HALF = 9.21;
/** Most evidence that one channel contributes to the joint view, which looks for breadth. */
const BREADTH_CAP = 8;
/** Nats by which another view must exceed an episode's peak to begin an episode of its own. */
const ESCALATION = 4;
/** Channels named in an event. */
const CHANNELS_NAMED = 8;
/** Rows between updates of the threshold, because the spacing of rows may drift. */
const THRESHOLD_EVERY = 1024;

const Scalars = namedNumbers(
  "rows",
  /** ln S: evidence that opens an episode. */
  "threshold",
  /** Open episodes. */
  "open",
  /** Rows since the last episode closed. */
  "quietRows",
);

/** Views of all channels together: how many are unusual at once, and how unusual their combination is. */
const JOINT_VIEWS = 2;
const BREADTH = 0;
const DISTANCE = 1;

type Context = DetectorContext<typeof anomalyMachine>;

export class AnomalyDetector implements Detector<typeof anomalyMachine> {
  readonly fields: Fields;
  private readonly settings: Settings["anomaly"];
  private readonly group: Group;
  private readonly views: ChannelViews;
  private readonly conformal: ConformalViews;
  private readonly scale: EvidenceScale;
  private readonly joint: JointDistance;
  private readonly spacing: RowSpacing;
  private readonly scalars = new Scalars();
  private readonly episodes: InstanceType<typeof Episodes>;
  /** E of the last row: one per channel, then the joint one. */
  private readonly evidence: Float64Array;
  private readonly seenBy: Uint8Array;
  /** ln n: the correction for the largest of n values. */
  private readonly lnChannels: number;
  /** Statistics of the views, then their evidence: of one channel, and of all together. */
  private readonly look = new Float64Array(VIEWS.length);
  private readonly jointLook = new Float64Array(JOINT_VIEWS);

  constructor(settings: Settings, group: Group) {
    const { n } = group;
    this.settings = settings.anomaly;
    this.group = group;
    this.lnChannels = ln(n);
    this.views = new ChannelViews(n, settings.anomaly.windowSamples);
    this.conformal = new ConformalViews(n * VIEWS.length + JOINT_VIEWS, settings.anomaly.windowSamples);
    this.scale = new EvidenceScale(n + 1);
    this.joint = new JointDistance(n);
    this.spacing = new RowSpacing(group.everyUs);
    this.episodes = new Episodes(n + 1);
    this.evidence = new Float64Array(n + 1);
    this.seenBy = new Uint8Array(n + 1);
    this.fields = {
      scalars: this.scalars.array,
      episodes: this.episodes.array,
      evidence: this.evidence,
      seenBy: this.seenBy,
      ...this.spacing.fields,
      ...this.views.fields,
      ...prefixed("window", this.conformal.fields),
      ...prefixed("scale", this.scale.fields),
      ...prefixed("joint", this.joint.fields),
    };
    this.chooseThreshold(group.everyUs);
  }

  update(batch: Batch, context: Context): void {
    for (let r = 0; r < batch.rows; r++) this.row(batch, r, context);
  }

  /** Score of channel c in the last row, [0, 1); c = n: the joint score. 0 while warming up. */
  score(c: number, { machine }: Pick<DetectorContext, "machine">): number {
    return machine.value === "warming" ? 0 : scoreOf(this.evidence[c]!);
  }

  /** One score for the row: the larger of the joint score and that of the most unusual channel, corrected for n channels. */
  rowScore({ machine }: Pick<DetectorContext, "machine">): number {
    if (machine.value === "warming") return 0;
    const { n } = this.group;
    let most = 0;
    for (let c = 0; c < n; c++) if (this.evidence[c]! > most) most = this.evidence[c]!;
    if (n > 1) most = Math.max(this.evidence[n]!, most - this.lnChannels);
    return scoreOf(Math.max(0, most));
  }

  private row(batch: Batch, r: number, context: Context): void {
    const { scalars } = this;
    const time = batch.rowTime[r]!;
    this.spacing.see(time, batch.gap[r] === 1);
    scalars.rows++;
    const warm = context.machine.value !== "warming";
    const breadth = this.lookAtChannels(batch, r, time, warm);
    if (this.group.n > 1) this.lookAtAll(batch, r, breadth, warm);
    if (!warm) {
      if (scalars.rows < this.settings.warmupSamples) return;
      this.chooseThreshold(this.spacing.us);
      context.signal({ type: "warmed", timeUs: time, samples: scalars.rows });
    } else if (scalars.rows % THRESHOLD_EVERY === 0) this.chooseThreshold(this.spacing.us);
    this.judge(batch, r, time, context);
  }

  /** Computes E of every channel that reported. Returns the mean capped evidence. */
  private lookAtChannels(batch: Batch, r: number, time: number, warm: boolean): number {
    const { n } = this.group;
    const { look, conformal, evidence, seenBy } = this;
    const views = VIEWS.length;
    let breadth = 0;
    this.views.at(time);
    for (let c = 0; c < n; c++) {
      if (batch.rowFresh[r * n + c] === 0) {
        evidence[c] = 0;
        continue;
      }
      this.views.look(c, batch.rowValue, batch.rowInnovation, r * n + c, look);
      let most = 0;
      let by = 0;
      for (let v = 0; v < views; v++) {
        if (Number.isNaN(look[v]!)) continue;
        conformal.evidenceAt(c * views + v, look, v);
        if (look[v]! > most) {
          most = look[v]!;
          by = v;
        }
      }
      // While the windows fill, evidence is not comparable with later evidence.
      evidence[c] = warm ? most : 0;
      if (warm) this.scale.calibrateAt(c, evidence);
      seenBy[c] = by;
      breadth += Math.min(evidence[c]!, BREADTH_CAP);
    }
    return breadth / n;
  }

  private lookAtAll(batch: Batch, r: number, breadth: number, warm: boolean): void {
    const { n } = this.group;
    const base = n * VIEWS.length;
    const { evidence, conformal, jointLook } = this;
    jointLook[BREADTH] = 4 * breadth;
    jointLook[DISTANCE] = this.joint.see(batch, r, this.views);
    // While the channels warm up, breadth is 0: a window of zeros would make the first warm row a record.
    if (warm) conformal.evidenceAt(base + BREADTH, jointLook, BREADTH);
    let most = jointLook[BREADTH]!;
    if (!Number.isNaN(jointLook[DISTANCE]!)) {
      conformal.evidenceAt(base + DISTANCE, jointLook, DISTANCE);
      most = Math.max(most, jointLook[DISTANCE]!);
    }
    evidence[n] = warm ? most : 0;
    if (warm) this.scale.calibrateAt(n, evidence);
  }

  /** Opens and closes episodes. */
  private judge(batch: Batch, r: number, time: number, context: Context): void {
    const { n } = this.group;
    const { evidence, episodes, scalars } = this;
    const { threshold } = scalars;
    if (n > 1 && episodes.at(n).active === 0) {
      let loud = 0;
      let loudest = 0;
      for (let c = 0; c < n; c++) {
        if (evidence[c]! > loudest) loudest = evidence[c]!;
        if (evidence[c]! >= threshold && episodes.at(c).active === 0) loud++;
      }
      // When the most unusual channel explains the joint evidence alone, the episode is that channel's.
      const joint = evidence[n]! >= threshold && evidence[n]! > loudest - this.lnChannels;
      if (joint || (loud >= 3 && loud * 4 >= n)) this.open(n, batch, r, time, context);
    }
    const inhibited = n > 1 && episodes.at(n).active === 1;
    const calm = scalars.open === 0;
    for (let i = 0; i <= n; i++) {
      if (calm && evidence[i]! < threshold) continue;
      if (episodes.at(i).active === 1) {
        // A much stronger anomaly of another view is an episode of its own.
        if (i < n && this.escalates(i)) {
          this.close(i, time, context);
          this.open(i, batch, r, time, context);
        } else this.follow(i, time, context);
      } else if (i < n && !inhibited && evidence[i]! >= threshold) this.open(i, batch, r, time, context);
    }
    if (context.machine.value !== "cooling") return;
    scalars.quietRows++;
    if (scalars.quietRows >= this.settings.cooldownSamples) context.signal({ type: "cooled", timeUs: time });
  }

  private open(i: number, batch: Batch, r: number, time: number, context: Context): void {
    const { group, evidence } = this;
    const { n } = group;
    const joint = i === n;
    const episode = this.episodes.at(i);
    episode.active = 1;
    episode.startedUs = time;
    episode.length = 0;
    episode.calm = 0;
    episode.peak = evidence[i]!;
    episode.view = joint ? JOINT_VIEW : this.seenBy[i]!;
    this.scalars.open++;
    context.signal({
      type: "opened",
      timeUs: time,
      ...describeEpisode(group, i, episode.view, this.concerned(i)),
      unit: joint ? "" : group.channels[i]!.unit,
      score: scoreOf(evidence[i]!),
      evidence: evidence[i]!,
      value: joint ? null : batch.rowValue[r * n + i]!,
      expected: joint ? null : this.views.expected(i, this.seenBy[i]!),
    });
  }

  private follow(i: number, time: number, context: Context): void {
    const { scalars } = this;
    const episode = this.episodes.at(i);
    const e = this.evidence[i]!;
    episode.length++;
    if (e > episode.peak) episode.peak = e;
    episode.calm = e >= scalars.threshold / 2 ? 0 : episode.calm + 1;
    if (episode.calm < this.settings.cooldownSamples) return;
    this.close(i, time, context);
    if (scalars.open > 0) return;
    scalars.quietRows = 0;
    context.signal({ type: "quiet", timeUs: time });
  }

  private escalates(i: number): boolean {
    const episode = this.episodes.at(i);
    return this.evidence[i]! > episode.peak + ESCALATION && this.seenBy[i] !== episode.view;
  }

  private close(i: number, time: number, context: Context): void {
    const episode = this.episodes.at(i);
    episode.active = 0;
    this.scalars.open--;
    context.signal({
      type: "closed",
      timeUs: time,
      ...describeEpisode(this.group, i, episode.view, this.concerned(i)),
      startedUs: episode.startedUs,
      peakScore: scoreOf(episode.peak),
      samples: episode.length - episode.calm + 1,
    });
  }

  /** The channels of episode i; those of a joint episode are ranked by their share in it. */
  private concerned(i: number): number[] {
    const { n, channels } = this.group;
    if (i < n) return [i];
    const weight = (c: number) => this.evidence[c]! + this.joint.share(c);
    return channels
      .map((_, c) => c)
      .sort((a, b) => weight(b) - weight(a) || a - b)
      .slice(0, CHANNELS_NAMED);
  }

  private chooseThreshold(spacingUs: number): void {
    this.scalars.threshold = ln(falseAlarmSamples(this.settings, spacingUs || UNKNOWN_SPACING_US));
  }
}

function scoreOf(evidence: number): number {
  return evidence / (evidence + SCORE_HALF);
}
