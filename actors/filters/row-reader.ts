/**
 * One detector over rows, as the live system runs it: each row becomes a frame, and goes through the row assembler of a group to the detector.
 *
 * For filters and for measurements of detectors alone. The detector's events are discarded; its machine works.
 */
import type { Frame } from "../../protocol/frame.ts";
import type { Settings } from "../../protocol/settings.ts";
import { StandaloneActor } from "../core/standalone-actor.ts";
import { RowAssembler } from "../detectors/rows/row-assembler.ts";
import { uniforms } from "../kernels/uniforms.ts";
import type { ActorDefinition, Detector, Group } from "../ports/detector.ts";

/** Feeds rows to one detector, each as a frame through the group's row assembler. */
export class RowReader<Made extends Detector> extends StandaloneActor<Made> {
  private readonly assembler: RowAssembler;
  private readonly frame: Frame;

  constructor(definition: ActorDefinition<Made>, settings: Settings, group: Group) {
    // The numbers only break ties of ranks.
    super(definition, settings, group, uniforms(settings.seed));
    this.assembler = new RowAssembler(group);
    this.frame = {
      type: "frame",
      group: group.name,
      source: "rows",
      sequence: 0,
      count: group.n,
      time: new Float64Array(group.n),
      channel: Uint16Array.from({ length: group.n }, (_, c) => c),
      value: new Float64Array(group.n),
      size: null,
    };
  }

  /** Returns false when the row completed no row of the group. */
  push(timeUs: number, values: ArrayLike<number>): boolean {
    const { frame } = this;
    this.sequence++;
    this.now = Math.max(this.now, timeUs);
    let finite = false;
    for (let c = 0; c < frame.count; c++) {
      frame.time[c] = timeUs;
      frame.value[c] = values[c]!;
      finite = finite || Number.isFinite(values[c]!);
    }
    if (!finite) return false;
    const batch = this.assembler.consume(frame);
    this.update(batch);
    return batch.rows > 0;
  }
}
