/**
 * Worlds for the collapse detector: n = 16 channels, Σ₀ = .7 I + .3 J, and the changes of the target table.
 *
 * All draws come from one seeded stream, so a longer run begins like a shorter one.
 */
import { StandaloneActor } from "../../actors/core/standalone-actor.ts";
import { type CollapseDetector, collapse } from "../../actors/detectors/collapse/detector.ts";
import type { Announcement, Signal } from "../../actors/ports/detector.ts";
import { parseSettings } from "../../protocol/settings.ts";
import { normals, uniforms } from "../support/random-streams.ts";
import { groupOf, InnovationBatch } from "../support/rows.ts";

export const CHANNELS = 16;
export type Change = "none" | "corr up" | "block" | "mean" | "loud";

const S3 = Math.sqrt(0.3);
const S7 = Math.sqrt(0.7);

/** A detector that receives synthetic innovations row by row. */
export class CollapseRun extends StandaloneActor<CollapseDetector> {
  readonly signals: Signal[] = [];
  readonly events: Announcement[] = [];
  private readonly batch = new InnovationBatch(1, CHANNELS);
  private readonly normal: () => number;

  constructor(falseAlarmSamples: number, calibrationRows: number, seed: number) {
    super(
      collapse,
      parseSettings({ collapse: { falseAlarmSamples, calibrationRows } }),
      groupOf(CHANNELS),
      uniforms(seed + 1),
    );
    this.normal = normals(seed);
  }

  step(change: Change = "none"): void {
    const x = this.batch.rowInnovation;
    const common = this.normal();
    for (let i = 0; i < CHANNELS; i++) {
      if (change === "corr up") x[i] = Math.sqrt(0.45) * common + Math.sqrt(0.55) * this.normal();
      else x[i] = (change === "block" && i < 8 ? -S3 : S3) * common + S7 * this.normal();
      if (change === "loud") x[i] = 2 * x[i]!;
      if (change === "mean" && i < 4) x[i] = x[i]! + 0.5;
    }
    this.take();
  }

  /** Rows with AR(1) coefficient φ in every channel. */
  stepDependent(phi: number, state: Float64Array): void {
    for (let i = 0; i < CHANNELS; i++) {
      state[i] = phi * state[i]! + Math.sqrt(1 - phi * phi) * this.normal();
      this.batch.rowInnovation[i] = state[i]!;
    }
    this.take();
  }

  heard(type: string): number {
    return this.signals.filter((signal) => signal.type === type).length;
  }

  override signal(signal: Signal): void {
    this.signals.push(signal);
    for (const { params } of this.machine.send(signal)) this.events.push(params as unknown as Announcement);
  }

  private take(): void {
    this.now += 1_000_000;
    this.batch.rowTime[0] = this.now;
    this.update(this.batch);
  }
}

const CALIBRATION_ROWS = 500;
/** Rows between calibration and change. */
export const QUIET_ROWS = 300;
/** Rows after the change. */
export const ROWS_WATCHED = 1500;

/** Rows from a change to its declaration; ROWS_WATCHED if it is not found, null if a false alarm came before the change. */
export function delayOf(change: Change, falseAlarmSamples: number, seed: number): number | null {
  const run = new CollapseRun(falseAlarmSamples, CALIBRATION_ROWS, seed);
  for (let k = 0; k < CALIBRATION_ROWS + QUIET_ROWS; k++) run.step();
  if (run.heard("declared") > 0) return null;
  for (let k = 1; k <= ROWS_WATCHED; k++) {
    run.step(change);
    if (run.heard("declared") > 0) return k;
  }
  return ROWS_WATCHED;
}
