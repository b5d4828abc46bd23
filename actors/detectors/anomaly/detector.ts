/**
 * Detects what single channels, or all channels together, have not done before, and reports it as episodes.
 *
 *   row ─► views of each channel ─► novelty ─► repeats left out ─► score of c
 *    │                                  └─► evidence E_c ─► episode of c
 *    └───► joint score (joint/joint-score.ts) ─► how rare such excursions are ─► E_joint ─► joint episode
 *
 * Novelty is the largest of the views' novelties plus AGREEMENT times the second largest, and grows with experience: a record among 200 rows
 * says a fifth of one among RAMP_ROWS. Within REPEAT_ROWS it counts only if it is REPEAT_FACTOR times what was reported last. The score of a
 * sample is v / (v + SCORE_HALF), in [0, 1): nothing in it is chosen afterwards.
 *
 * An episode opens where novelty is at least LEAST_EFFECT and E ≥ ln S + raised, where S is the expected number of samples between false alarms.
 * Each episode of a channel raises that (raised-price.ts), so that in the long run a channel has one in S samples at most, by however many views and
 * whatever its law; a channel but a price begins as after one, for in its first days little is known of its tails. In bursts on nothing, a single row opens none: the
 * mean over 64 rows must be as new. `episodes.ts` says when an episode is over.
 *
 * A joint episode opens at E_joint ≥ ln S; at E_joint ≥ ln (S / n), which keeps the promise of its n channels together, when their mean
 * evidence is BROAD; or when a quarter of the channels would open at once. While it is open, no episode of a single channel opens. In a group of
 * the host feed, levels that last are looked for instead (lasting/lasting-levels.ts).
 *
 * Prices are judged by their logarithms: what is usual of them is a share of the price, whatever the price has become.
 *
 * Rows closer together than the setting `averageUs` are one for the joint score, by their mean, and S then counts those.
 *
 * Cost: about 200 ns a sample of 16 channels with a row each millisecond, 300 ns with rows far apart.
 */
import exp from "@stdlib/math-base-special-exp";
import expm1 from "@stdlib/math-base-special-expm1";
import ln from "@stdlib/math-base-special-ln";
import type { Settings } from "../../../protocol/settings.ts";
import { expAt, lnAt } from "../../kernels/elementary.ts";
import type { Batch, Detector, DetectorContext, Fields, Group, UsualRanges } from "../../ports/detector.ts";
import { isHost, OWN_HEALTH } from "../../ports/own-health.ts";
import { defineDetector } from "../define-detector.ts";
import { falseAlarmSamples, UNKNOWN_SPACING_US } from "../false-alarm-rate.ts";
import { raisedAfter, raisedByAlarm } from "../raised-price.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import { RowSpacing } from "../row-spacing.ts";
import { MeanRows } from "../rows/mean-rows.ts";
import { MIDDLE_ROWS, SHORT_ROWS } from "./block-means.ts";
import { ChannelViews, LEVEL, MEAN, PATTERN, ROUGHNESS, STEP, VIEWS, WEIGHTS } from "./channel-views.ts";
import {
  ACCEPTED_AFTER_ROWS,
  ACCEPTED_AFTER_US,
  COMMON_VIEW,
  describeEpisode,
  Episodes,
  JOINT_VIEW,
  LASTING_VIEW,
  outside,
  STAYS_AFTER,
  TREND_VIEW,
} from "./episodes.ts";
import { JointAlarm } from "./joint/joint-alarm.ts";
import { JointScore } from "./joint/joint-score.ts";
import { ACCEPTED, ENDED, LastingLevels, NOTHING, OPENED, PAUSE, SECONDS } from "./lasting/lasting-levels.ts";
import { anomalyMachine } from "./machine.ts";
import { PATTERN_ROWS } from "./patterns.ts";
import type { OfEpisode } from "./signals.ts";

export const anomaly = defineDetector({
  name: "anomaly",
  version: 11,
  machine: anomalyMachine,
  enabled: (settings, group) => settings.anomaly.enabled && !group.states,
  createDetector: (settings, group) => new AnomalyDetector(settings, group),
  machineInput: (_settings, group) => ({ group: group.name }),
});

/** Novelty at which the score is one half, and below which no episode opens: a tenth of the usual range beyond it. */
const SCORE_HALF = 0.1;
const LEAST_EFFECT = 0.1;
/** Weight of the second largest novelty: two views that agree are rarely wrong. */
const AGREEMENT = 0.5;
/** What several views see about alike is told by the first of them: a later one tells it with so many times the evidence. */
const PLAINER = 1.25;
/** Rows after which a record counts in full. */
const RAMP_ROWS = 1000;
/** Rows that are too few to know the range of means of many rows, some thirty blocks: by how far a record leaves that is no evidence yet. */
const YOUNG_ROWS = 32 * MIDDLE_ROWS;
const REPEAT_ROWS = 100;
const REPEAT_FACTOR = 2;
/**
 * A channel that often breaks its range says less each time: novelty is divided by 1 + r / HABIT, where r is the number of reports of at least
 * NOTABLE in RAMP_ROWS rows. Counts are halved after HABIT_ROWS rows.
 */
const HABIT = 10;
const NOTABLE = 0.03;
const HABIT_ROWS = 32_768;
/** Joint score, nats a channel, at which the score of a row is one half: many channels do what each does once in a thousand rows. */
const JOINT_SCORE_HALF = 1;
/**
 * Mean evidence of a channel over the time scales, nats, from which a row is about all of them. Independent noise of ten channels has 0.05 and a
 * standard deviation below 0.1.
 */
const BROAD = 0.4;
/** Share of the cooldown after which a joint episode is over: its score is an average itself. */
const JOINT_COOLDOWN = 0.25;
/** Evidence of a jump of a price up to which it counts in full, nats; half of what is beyond counts. */
const SURE_EVIDENCE = 8;
/** Share of the cooldown after which a jump of a price, or of all prices, is over: it lasts for its row. */
const JUMP_COOLDOWN = 1 / 16;
/** Factor by which a common move must exceed what was reported to be reported once more. */
const WENT_ON = 1.25;
/** Factor by which an episode that stays must grow to be reported once more. */
const GREW = 2;
/** Channels named in an event, at most, and the least contribution of one of them, as a share of the largest. */
const CHANNELS_NAMED = 8;
const LEAST_SHARE = 0.1;
/** Channels that share a joint episode: with 1.8, a second one contributes half as much as the first. */
const PARTICIPANTS = 1.8;
/** Rows between updates of the threshold, because the spacing of rows may drift. */
const THRESHOLD_EVERY = 1024;
const DAY_US = 86_400_000_000;
const SECOND_US = 1_000_000;

const Scalars = namedNumbers(
  "rows",
  /** S and ln S: evidence that opens an episode. */
  "promised",
  "threshold",
  /** Open episodes. */
  "open",
  /** Rows since the last episode closed. */
  "quietRows",
  "rowsADay",
  /** Rows that all channels are judged by at once, and ln of the looks between false alarms. */
  "rowsALook",
  "jointThreshold",
  /** 1 while the evidence of all channels is that of a common move of prices. */
  "isCommon",
);

/** Of each channel: rows seen, novelty of the last row, that without repeats, the view with the largest, and what was reported last. */
const Channels = namedNumbers(
  "rows",
  "novelty",
  "reported",
  "view",
  "lastReported",
  "lastReportedRow",
  /** Notable reports, and the rows in which they were counted. */
  "reports",
  "counted",
  /** Nats by which episodes had raised the threshold when the last one began, and `rows` then. */
  "raised",
  "raisedRow",
);

type Context = DetectorContext<typeof anomalyMachine>;

export class AnomalyDetector implements Detector<typeof anomalyMachine> {
  readonly fields: Fields;
  private readonly settings: Settings["anomaly"];
  private readonly group: Group;
  private readonly views: ChannelViews;
  /** A price goes on from where it jumped to: only its steps come back. */
  private readonly ofPrices: boolean;
  /** ln n. */
  private readonly lnChannels: number;
  /** Null in a group of one channel. */
  private readonly joint: JointScore | null;
  private readonly alarm = new JointAlarm();
  /** Rows since the last look of all channels together, if several make one; their means. */
  private readonly together: MeanRows;
  private readonly means: Float64Array;
  /** Of the prices of the batch at hand, and so not registered. */
  private logs = new Float64Array(0);
  /** Null in groups whose rows people act on one by one. */
  private readonly lasting: LastingLevels | null;
  private readonly spacing: RowSpacing;
  private readonly scalars = new Scalars();
  private readonly channels: InstanceType<typeof Channels>;
  private readonly episodes: InstanceType<typeof Episodes>;
  /** E of the last row: one per channel, 0 where novelty is small, then the joint one. */
  private readonly evidence: Float64Array;
  private readonly shown = new Float64Array(3);

  constructor(settings: Settings, group: Group) {
    const { n } = group;
    this.settings = settings.anomaly;
    this.group = group;
    this.lnChannels = ln(n);
    this.views = new ChannelViews(n);
    this.ofPrices = group.innovation === "logReturn";
    this.joint = n > 1 ? new JointScore(n, settings.anomaly.windowSamples, this.ofPrices) : null;
    this.lasting = isHost(group.channels) ? new LastingLevels(watched(group)) : null;
    this.together = new MeanRows(new Uint8Array(n).fill(1));
    this.means = new Float64Array(n);
    this.spacing = new RowSpacing(group.everyUs);
    this.channels = new Channels(n);
    // The tails of returns are known beforehand.
    if (!this.ofPrices) for (let c = 0; c < n; c++) this.channels.at(c).raised = raisedByAlarm(0);
    this.episodes = new Episodes(n + 1);
    this.evidence = new Float64Array(n + 1);
    this.fields = {
      scalars: this.scalars.array,
      channels: this.channels.array,
      episodes: this.episodes.array,
      evidence: this.evidence,
      ...this.spacing.fields,
      ...this.views.fields,
      ...(this.joint === null
        ? {}
        : {
            ...prefixed("joint", this.joint.fields),
            ...prefixed("alarm", this.alarm.fields),
            ...prefixed("together", this.together.fields),
          }),
      ...(this.lasting === null ? {} : prefixed("lasting", this.lasting.fields)),
    };
    this.chooseThreshold(group.everyUs);
  }

  update(batch: Batch, context: Context): void {
    const values = this.ofPrices ? this.logsOf(batch) : batch.rowValue;
    for (let r = 0; r < batch.rows; r++) this.row(batch, values, r, context);
  }

  /** Score of channel c in the last row, [0, 1); c = n: the joint score. 0 while warming up. */
  score(c: number, { machine }: Pick<DetectorContext, "machine">): number {
    if (machine.value === "warming") return 0;
    return c < this.group.n ? scoreOf(this.channels.at(c).reported) : jointScoreOf(this.joint?.score ?? 0);
  }

  /** The channel that contributes most to what goes on; −1 when nothing does. */
  alarmed(): number {
    const { n } = this.group;
    if (n > 1 && this.episodes.at(n).active === 1) return this.concerned(n)[0]!;
    let largest = -1;
    let alarmed = -1;
    for (let c = 0; c < n; c++) {
      const { active, peakEffect } = this.episodes.at(c);
      if (active === 0 || peakEffect <= largest) continue;
      largest = peakEffect;
      alarmed = c;
    }
    return alarmed;
  }

  /** The ranges of the levels, about what is expected of the last row. Null while warming up. */
  usual({ machine }: Pick<DetectorContext, "machine">): UsualRanges | null {
    if (machine.value === "warming") return null;
    const { views } = this;
    const of = (edge: (c: number) => number) =>
      Array.from({ length: this.group.n }, (_, c) => this.inUnit(views.expected(c) + edge(c)));
    return { low: of((c) => views.low(c, LEVEL)), high: of((c) => views.high(c, LEVEL)) };
  }

  /** One score for the row: that of the only channel, or the joint score of several. */
  rowScore(context: Pick<DetectorContext, "machine">): number {
    const { n } = this.group;
    return this.score(n === 1 ? 0 : n, context);
  }

  private logsOf({ rows, rowValue }: Batch): Float64Array {
    if (this.logs.length < rowValue.length) this.logs = new Float64Array(rowValue.length);
    takeLogs(rowValue, rows * this.group.n, this.logs);
    return this.logs;
  }

  private row(batch: Batch, values: Float64Array, r: number, context: Context): void {
    const { scalars } = this;
    const time = batch.rowTime[r]!;
    this.spacing.see(time, batch.gap[r] === 1);
    if (scalars.rows % THRESHOLD_EVERY === 0 || scalars.rows === this.settings.warmupSamples)
      this.chooseThreshold(this.spacing.us);
    scalars.rows++;
    const warm = context.machine.value !== "warming";
    this.lookAtChannels(batch, values, r, warm);
    if (this.joint !== null) this.lookAtAll(this.joint, batch, values, r, warm);
    if (this.lasting?.see(batch, r, this.spacing.us)) this.judgeLasting(this.lasting, time, context);
    if (!warm) {
      if (scalars.rows < this.settings.warmupSamples) return;
      context.signal({ type: "warmed", timeUs: time, samples: scalars.rows });
    }
    this.judge(batch, r, context);
  }

  /** Computes novelty and evidence of every channel that reported. */
  private lookAtChannels(batch: Batch, values: Float64Array, r: number, warm: boolean): void {
    const { n } = this.group;
    const { views, evidence } = this;
    views.at(batch.rowTime[r]!, this.scalars.rowsADay, this.scalars.rowsALook);
    views.look(batch, values, r);
    for (let c = 0; c < n; c++) {
      const channel = this.channels.at(c);
      evidence[c] = 0;
      channel.reported = 0;
      if (batch.rowFresh[r * n + c] === 0) {
        channel.novelty = 0;
        continue;
      }
      channel.rows++;
      channel.counted++;
      channel.view = 0;
      channel.novelty = 0;
      if (!views.isNew(c)) continue;
      this.combine(c);
      if (warm && channel.novelty >= LEAST_EFFECT) evidence[c] = this.evidenceOf(c);
    }
  }

  /** The novelty of channel c from those of its views. */
  private combine(c: number): void {
    const { views } = this;
    const channel = this.channels.at(c);
    let most = 0;
    let second = 0;
    let by = 0;
    for (let v = 0; v < VIEWS.length; v++) {
      const novelty = WEIGHTS[v]! * views.novelty(c, v);
      if (novelty > most) {
        second = most;
        most = novelty;
        by = v;
      } else if (novelty > second) second = novelty;
    }
    channel.view = by;
    channel.novelty = (most + AGREEMENT * second) * Math.min(1, channel.rows / RAMP_ROWS);
    if (most > 0) this.report(c);
  }

  /** Reports the novelty of channel c unless it repeats a recent one, and damps it by the channel's habit. */
  private report(c: number): void {
    const channel = this.channels.at(c);
    const recent = channel.rows - channel.lastReportedRow <= REPEAT_ROWS;
    if (recent && channel.novelty < REPEAT_FACTOR * channel.lastReported) return;
    channel.lastReported = channel.novelty;
    channel.lastReportedRow = channel.rows;
    const rate = (channel.reports * RAMP_ROWS) / (channel.counted + RAMP_ROWS);
    channel.reported = channel.novelty / (1 + rate / HABIT);
    if (channel.novelty >= NOTABLE) channel.reports++;
    if (channel.counted < HABIT_ROWS) return;
    channel.counted /= 2;
    channel.reports /= 2;
  }

  /** The largest evidence of channel c. The first view that has about as much becomes the channel's. */
  private evidenceOf(c: number): number {
    const { views } = this;
    const bursts = views.isBursts(c);
    const isYoung = this.channels.at(c).rows < YOUNG_ROWS;
    let most = 0;
    let told = 0;
    for (let v = 0; v < VIEWS.length; v++) {
      const ofRow = v === LEVEL || v === STEP;
      const ofView = views.novelty(c, v);
      const novelty = bursts && ofRow ? Math.min(ofView, views.novelty(c, MEAN)) : ofView;
      const counted = ofRow || isYoung ? novelty : Number.POSITIVE_INFINITY;
      const evidence = novelty > 0 ? views.evidence(c, v, counted) : 0;
      most = Math.max(most, evidence);
      if (evidence <= PLAINER * told) continue;
      told = evidence;
      this.channels.at(c).view = v;
    }
    return most;
  }

  /** Computes the evidence of all channels together. It stands until the next look, which with rows close together is some rows later. */
  private lookAtAll(joint: JointScore, batch: Batch, values: Float64Array, r: number, warm: boolean): void {
    const { n } = this.group;
    if (this.scalars.rowsALook === 1) joint.see(values, r * n, batch.gap[r] === 1);
    else if (!this.seeMeans(joint, batch, r)) return;
    this.evidence[n] = 0;
    this.scalars.isCommon = 0;
    if (!warm) return;
    this.alarm.evidenceAt(joint, this.evidence, n);
    const common = joint.common?.evidence ?? 0;
    if (common < this.scalars.jointThreshold) return;
    this.evidence[n] = Math.max(common, this.evidence[n]!);
    this.scalars.isCommon = 1;
  }

  /** Gives the mean of the rows since the last look to the joint score, once there are enough. */
  private seeMeans(joint: JointScore, batch: Batch, r: number): boolean {
    const { n } = this.group;
    const { together, means } = this;
    if (batch.gap[r] === 1) together.begin();
    if (!together.add(batch, r, this.spacing.us, this.settings.averageUs)) return false;
    // A channel that did not report stays where it was.
    for (let c = 0; c < n; c++)
      means[c] = together.counts[c] === 0 ? batch.rowValue[r * n + c]! : together.mean(c);
    if (this.ofPrices) takeLogs(means, n, means);
    joint.see(means, 0, together.isAfterGap);
    together.begin();
    return true;
  }

  /** Opens and closes episodes. */
  private judge(batch: Batch, r: number, context: Context): void {
    const { n } = this.group;
    const { evidence, episodes, scalars } = this;
    const time = batch.rowTime[r]!;
    const { threshold } = scalars;
    if (n > 1 && this.lasting === null && episodes.at(n).active === 0) {
      let loud = 0;
      let isAnyLoud = false;
      for (let c = 0; c < n; c++) {
        if (!(evidence[c]! >= threshold)) continue;
        isAnyLoud = true;
        if (episodes.at(c).active === 0 && this.isLoud(c)) loud++;
      }
      if (this.isJoint(isAnyLoud) || (loud >= 3 && loud * 4 >= n)) this.open(n, batch, r, time, context);
    }
    const inhibited = n > 1 && episodes.at(n).active === 1;
    const calm = scalars.open === 0;
    for (let i = 0; i <= n; i++) {
      if (calm && evidence[i]! < threshold) continue;
      if (episodes.at(i).active === 1) this.follow(i, batch, r, time, context);
      else if (i < n && !inhibited && this.lasting === null && this.isLoud(i)) {
        this.raise(i);
        this.open(i, batch, r, time, context);
      }
    }
    if (context.machine.value !== "cooling") return;
    scalars.quietRows++;
    if (scalars.quietRows >= this.settings.cooldownSamples) context.signal({ type: "cooled", timeUs: time });
  }

  /** Whether channel c has enough evidence for one more episode of its own. */
  private isLoud(c: number): boolean {
    const { threshold } = this.scalars;
    const evidence = this.evidence[c]!;
    return evidence >= threshold && evidence >= threshold + this.raised(c);
  }

  /** Nats by which its episodes have raised the threshold of channel c. */
  private raised(c: number): number {
    const { raised, raisedRow, rows } = this.channels.at(c);
    return raisedAfter(raised, rows - raisedRow, this.scalars.promised);
  }

  private raise(c: number): void {
    const channel = this.channels.at(c);
    channel.raised = raisedByAlarm(this.raised(c));
    channel.raisedRow = channel.rows;
  }

  /** Whether the row is unusual for all channels together. `isAnyLoud`: a channel has enough evidence for a first episode of its own. */
  private isJoint(isAnyLoud: boolean): boolean {
    const { n } = this.group;
    const { jointThreshold: threshold } = this.scalars;
    const evidence = this.evidence[n]!;
    if (this.scalars.isCommon === 1) return true;
    const least = threshold - this.lnChannels;
    if (!(evidence >= least) || !this.joint?.hasSeveral()) return false;
    const several = (this.joint?.participants() ?? 0) >= PARTICIPANTS;
    if (several && this.isBroad()) return true;
    // What one channel does alone is its own episode, if its views see it or have seen it.
    return (
      evidence >= threshold &&
      (several || (!isAnyLoud && this.episodes.at(this.concerned(n)[0]!).active === 0))
    );
  }

  private jointView(): number {
    return this.scalars.isCommon === 1 ? COMMON_VIEW : JOINT_VIEW;
  }

  private jointEffect(): number {
    const { joint } = this;
    if (joint === null) return 0;
    return this.scalars.isCommon === 1 ? joint.common!.effect() : joint.effect();
  }

  private isBroad(): boolean {
    return (this.joint?.score ?? 0) >= BROAD;
  }

  /** Evidence of the row for all channels together: how rare it is, or what all channels have; nats. */
  private jointEvidence(): number {
    const { n } = this.group;
    return Math.max(this.evidence[n]!, this.isBroad() ? n * (this.joint?.score ?? 0) : 0);
  }

  /** Reports what became of levels that last in the second that ended. */
  private judgeLasting(lasting: LastingLevels, time: number, context: Context): void {
    const { scalars } = this;
    for (let c = 0; c < this.group.n; c++) {
      const change = lasting.changes[c]!;
      if (change === NOTHING) continue;
      const what = this.describeLasting(lasting, c, time);
      const { largest, lasted } = lasting.episode(c);
      const score = scoreOf(largest);
      if (change === OPENED) {
        scalars.open++;
        context.signal({ type: "opened", ...what, score, expected: this.views.expected(c) });
        continue;
      }
      if (change === ENDED) {
        const backUs = time - PAUSE * this.secondUs;
        context.signal({ type: "closed", ...what, peakScore: score, samples: lasted, backUs });
      } else context.signal({ type: change === ACCEPTED ? "accepted" : "stayed", ...what });
      if (change !== ENDED && change !== ACCEPTED) continue;
      scalars.open--;
      this.settle(time, context);
    }
  }

  private describeLasting(lasting: LastingLevels, c: number, time: number): OfEpisode {
    const { group } = this;
    const { sinceUs, largest, evidence, level } = lasting.episode(c);
    const { low, high } = lasting.edges(c);
    return {
      timeUs: time,
      startedUs: sinceUs,
      ...describeEpisode(group, c, lasting.isOfSteps(c) ? TREND_VIEW : LASTING_VIEW, [c]),
      unit: group.channels[c]!.unit,
      effect: 1 + 2 * largest,
      evidence,
      worth: evidence,
      value: level,
      low: Number.isNaN(low) ? null : low,
      high: Number.isNaN(high) ? null : high,
      spanUs: SECONDS * this.secondUs,
    };
  }

  /** What levels that last take for a second. */
  private get secondUs(): number {
    return Math.max(SECOND_US, this.spacing.us);
  }

  private open(i: number, batch: Batch, r: number, time: number, context: Context): void {
    const { n } = this.group;
    const { views } = this;
    const joint = i === n;
    const view = joint ? this.jointView() : this.channels.at(i).view;
    const episode = this.episodes.at(i);
    episode.active = 1;
    episode.startedUs = time;
    episode.length = 0;
    episode.calm = 0;
    episode.stays = 0;
    episode.view = view;
    episode.peakEffect = joint ? this.jointEffect() : this.channels.at(i).novelty;
    episode.peakEvidence = joint ? this.jointEvidence() : this.evidence[i]!;
    if (joint) {
      episode.farthest = this.joint?.score ?? 0;
      // What was reported of a common move, which has no range.
      episode.low = episode.peakEffect;
    } else {
      episode.low = views.low(i, view);
      episode.high = views.high(i, view);
      episode.levelLow = views.low(i, LEVEL);
      episode.levelHigh = views.high(i, LEVEL);
      episode.expected = views.expected(i);
      episode.seasonal = views.isSeasonal(i) ? 1 : 0;
      episode.farthest = this.distance(i);
    }
    this.scalars.open++;
    context.signal({
      type: "opened",
      ...this.describe(i, batch, r, time),
      score: joint ? this.score(n, context) : scoreOf(episode.peakEffect),
      expected: joint ? null : this.inUnit(views.expected(i)),
    });
  }

  private follow(i: number, batch: Batch, r: number, time: number, context: Context): void {
    const { scalars, settings } = this;
    const episode = this.episodes.at(i);
    const before = episode.peakEffect;
    episode.length++;
    const evidence = i === this.group.n ? this.jointEvidence() : this.evidence[i]!;
    episode.peakEvidence = Math.max(episode.peakEvidence, evidence);
    if (this.isBack(i)) {
      if (episode.calm++ === 0) episode.calmUs = batch.rowTime[r]!;
    } else episode.calm = 0;
    if (episode.calm >= settings.cooldownSamples * this.cooldownOf(i)) {
      this.close(i, batch, r, time, context);
      this.settle(time, context);
      return;
    }
    if (episode.view === COMMON_VIEW && episode.peakEffect >= WENT_ON * episode.low) {
      episode.low = episode.peakEffect;
      context.signal({ type: "stayed", ...this.describe(i, batch, r, time) });
    }
    if (episode.calm > 0 || i === this.group.n) return;
    const grew = episode.stays === 1 && episode.peakEffect >= GREW * before;
    if (grew || (episode.stays === 0 && episode.length >= STAYS_AFTER * settings.cooldownSamples)) {
      episode.stays = 1;
      context.signal({ type: "stayed", ...this.describe(i, batch, r, time) });
    }
    if (episode.length < ACCEPTED_AFTER_ROWS || time - episode.startedUs < ACCEPTED_AFTER_US) return;
    episode.active = 0;
    scalars.open--;
    context.signal({ type: "accepted", ...this.describe(i, batch, r, time) });
    this.settle(time, context);
  }

  /** Share of the cooldown after which episode i is over. */
  private cooldownOf(i: number): number {
    const { view } = this.episodes.at(i);
    const looks = i === this.group.n ? this.scalars.rowsALook : 1;
    if (view === COMMON_VIEW || (view === STEP && this.ofPrices)) return JUMP_COOLDOWN * looks;
    return i === this.group.n ? JOINT_COOLDOWN * looks : 1;
  }

  /** Whether the row of episode i is normal again. */
  private isBack(i: number): boolean {
    const episode = this.episodes.at(i);
    if (i === this.group.n) {
      episode.peakEffect = Math.max(episode.peakEffect, this.jointEffect());
      episode.farthest = Math.max(episode.farthest, this.joint?.score ?? 0);
      return !this.isBroad() && this.evidence[i]! < this.scalars.jointThreshold;
    }
    const { novelty } = this.channels.at(i);
    if (novelty > episode.peakEffect) episode.peakEffect = novelty;
    const distance = this.distance(i);
    if (distance > episode.farthest) episode.farthest = distance;
    return distance <= episode.farthest / 2;
  }

  /** How far channel i is from the ranges before its episode, in lengths of them. */
  private distance(i: number): number {
    const { views } = this;
    const { view, low, high, levelLow, levelHigh } = this.episodes.at(i);
    if (view === STEP && this.ofPrices) return outside(views.statistic(i, STEP), low, high);
    const value = views.statistic(i, LEVEL) + views.expected(i);
    const ofLevel = outside(value - this.expectedIn(i), levelLow, levelHigh);
    return view === LEVEL ? ofLevel : Math.max(ofLevel, outside(views.statistic(i, view), low, high));
  }

  /** The usual value now of channel i in its episode: a season goes on, but what learns the anomaly meanwhile is not what was usual. */
  private expectedIn(i: number): number {
    const { expected, seasonal } = this.episodes.at(i);
    return seasonal === 1 && this.views.isSeasonal(i) ? this.views.expected(i) : expected;
  }

  private close(i: number, batch: Batch, r: number, time: number, context: Context): void {
    const episode = this.episodes.at(i);
    episode.active = 0;
    this.scalars.open--;
    context.signal({
      type: "closed",
      ...this.describe(i, batch, r, time),
      peakScore: i < this.group.n ? scoreOf(episode.peakEffect) : jointScoreOf(episode.farthest),
      samples: episode.length - episode.calm + 1,
      backUs: episode.calmUs,
    });
  }

  private settle(time: number, context: Context): void {
    if (this.scalars.open > 0) return;
    this.scalars.quietRows = 0;
    context.signal({ type: "quiet", timeUs: time });
  }

  /** What the signals of episode i at row r have in common. */
  private describe(i: number, batch: Batch, r: number, time: number): OfEpisode {
    const { group, shown } = this;
    const { n } = group;
    const { view, startedUs, peakEffect, peakEvidence } = this.episodes.at(i);
    const joint = i === n;
    const concerned = this.concerned(i, view);
    const leading = concerned[0]!;
    if (view === COMMON_VIEW) this.showCommon();
    else if (joint) this.showLevel(leading, batch.rowValue, r * n + leading);
    else this.show(i, batch.rowValue, r * n + i);
    return {
      timeUs: time,
      startedUs,
      ...describeEpisode(group, i, view, concerned),
      unit: this.isInPercent(i) ? "%" : group.channels[leading]!.unit,
      effect: joint ? peakEffect : 1 + 2 * peakEffect,
      evidence: peakEvidence,
      worth: joint ? peakEvidence : this.worthOf(view, peakEvidence),
      value: shown[0]!,
      low: shown[1]!,
      high: shown[2]!,
      spanUs: ROWS_SEEN[view]! * this.spacing.us,
    };
  }

  /**
   * What an incident may count of one channel's evidence. A tail index from some records of one channel says little: what is worth most is the
   * promise. The tails of returns are known: on Student's t3 and t2 so much comes at most 1.2 and 4.2 times as often as e^−worth.
   */
  private worthOf(view: number, evidence: number): number {
    const known =
      view === STEP && this.ofPrices && evidence > SURE_EVIDENCE ? (evidence + SURE_EVIDENCE) / 2 : 0;
    return Math.max(known, Math.min(evidence, this.scalars.threshold));
  }

  /** Writes the mean step of all channels, %, and what is seldom exceeded, to `shown`. */
  private showCommon(): void {
    const { percent, usualPercent } = this.joint!.common!;
    this.shown[0] = percent;
    this.shown[1] = -usualPercent;
    this.shown[2] = usualPercent;
  }

  /** Writes the value of channel c and its usual range to `shown`. */
  private showLevel(c: number, values: Float64Array, k: number): void {
    const { views, shown } = this;
    const expected = views.expected(c);
    shown[0] = values[k]!;
    shown[1] = this.inUnit(expected + views.low(c, LEVEL));
    shown[2] = this.inUnit(expected + views.high(c, LEVEL));
  }

  /** Writes what the view of channel c's episode sees, and its range before, to `shown`, in the unit of the channel; changes of a price in %. */
  private show(c: number, values: Float64Array, k: number): void {
    const { views, shown } = this;
    const { view, low, high, levelLow, levelHigh } = this.episodes.at(c);
    if (this.isOfLevel(c)) {
      const expected = this.expectedIn(c);
      shown[0] = values[k]!;
      shown[1] = this.inUnit(expected + levelLow);
      shown[2] = this.inUnit(expected + levelHigh);
      return;
    }
    shown[0] = views.statistic(c, view);
    shown[1] = low;
    shown[2] = high;
    if (view === ROUGHNESS) {
      for (let j = 0; j < 3; j++) expAt(shown, j);
      if (views.isStill(c)) shown[0] = 0;
    }
    if (!this.ofPrices) return;
    const isMean = view === MEAN;
    for (let j = 0; j < 3; j++) shown[j] = isMean ? exp(shown[j]!) : 100 * expm1(shown[j]!);
  }

  /** Whether what is shown of channel c's episode is its value, and not what a view sees. */
  private isOfLevel(c: number): boolean {
    const { view, stays } = this.episodes.at(c);
    return view === LEVEL || (stays === 1 && view !== ROUGHNESS && view !== PATTERN);
  }

  /** Whether what is shown of episode i is a change of a price. */
  private isInPercent(i: number): boolean {
    const { view } = this.episodes.at(i);
    if (i === this.group.n) return view === COMMON_VIEW;
    return this.ofPrices && view !== MEAN && !this.isOfLevel(i);
  }

  /** A level as the views know it, in the unit of its channel. */
  private inUnit(level: number): number {
    return this.ofPrices ? exp(level) : level;
  }

  /** The channels of episode i; those of a joint episode are ranked by their share in it. */
  private concerned(i: number, view: number = JOINT_VIEW): number[] {
    const { n, channels } = this.group;
    if (i < n) return [i];
    const weight = (c: number) =>
      (view === COMMON_VIEW ? this.joint?.common?.share(c) : this.joint?.contributions[c]) ?? 0;
    const ranked = channels.map((_, c) => c).sort((a, b) => weight(b) - weight(a) || a - b);
    const least = LEAST_SHARE * weight(ranked[0]!);
    return ranked.slice(0, CHANNELS_NAMED).filter((c) => weight(c) >= least);
  }

  private chooseThreshold(spacingUs: number): void {
    const { scalars, settings } = this;
    const spacing = spacingUs || UNKNOWN_SPACING_US;
    scalars.promised = falseAlarmSamples(settings, spacing);
    scalars.threshold = ln(scalars.promised);
    scalars.rowsADay = DAY_US / spacing;
    scalars.rowsALook = Math.max(1, settings.averageUs / spacing);
    scalars.jointThreshold = ln(falseAlarmSamples(settings, spacing * scalars.rowsALook));
  }
}

/** Writes ln of the first values to `out`, NaN of those that have none. */
function takeLogs(values: Float64Array, count: number, out: Float64Array): void {
  for (let k = 0; k < count; k++) {
    const value = values[k]!;
    out[k] = value > 0 ? value : Number.NaN;
    lnAt(out, k);
  }
}

/** Rows that the views look back, in their order, and the joint ones. */
const ROWS_SEEN: readonly number[] = [0, 0, MIDDLE_ROWS, SHORT_ROWS, MIDDLE_ROWS, PATTERN_ROWS, 0];

/** The channels of the machine: this program's own health is no level that people wait for. */
function watched({ channels }: Group): Uint8Array {
  return Uint8Array.from(channels, ({ name }) => (name.startsWith(OWN_HEALTH) ? 0 : 1));
}

function scoreOf(novelty: number): number {
  return novelty / (novelty + SCORE_HALF);
}

function jointScoreOf(score: number): number {
  return score / (score + JOINT_SCORE_HALF);
}
