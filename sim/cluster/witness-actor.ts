/**
 * The witness: an actor that runs with the shipped ones and makes every effect of a fault visible in events.
 *
 *   watching ──beat (each BEAT_FRAMES frames)──► announces counts, sum and a random draw; starts `echo`
 *            ──timer.echo──► announces             ──timer.pulse──► announces, starts `pulse` again
 *            ──POISON in a frame──► throws, so that its supervisor has work
 *
 * Its events depend on every earlier frame, random draw and timer: a frame that is lost, duplicated or moved changes its next event.
 */
import { setup } from "xstate";
import { actorActions } from "../../actors/detectors/machine-actions.ts";
import type {
  ActorDefinition,
  Announcement,
  Batch,
  Detector,
  DetectorContext,
  Fields,
} from "../../actors/ports/detector.ts";

/** A value that makes the witness throw and is ordinary for all other actors. */
export const POISON = 1234.56789;

/** Frames between two beats: few enough events that the others stay visible. */
const BEAT_FRAMES = 16;

/** Fires between two beats of a usual feed. */
const ECHO_US = 700_000;

/** Longer than a usual time between crashes, so that it is pending in most snapshots. */
const PULSE_US = 5_000_000;

interface Beat {
  readonly type: "beat";
  readonly timeUs: number;
  readonly frames: number;
  readonly sum: number;
  readonly draw: number;
}

type WitnessSignal = Beat | { readonly type: "timer.echo" | "timer.pulse"; readonly timeUs: number };

const startPulse = { type: "timer.start", params: { id: "pulse", delayUs: PULSE_US } } as const;
const startEcho = { type: "timer.start", params: { id: "echo", delayUs: ECHO_US } } as const;

const machine = setup({
  types: { events: {} as WitnessSignal },
  actions: actorActions,
}).createMachine({
  id: "witness",
  initial: "watching",
  states: {
    watching: {
      entry: startPulse,
      on: {
        beat: {
          actions: [
            { type: "announce", params: ({ event }: { event: Beat }) => announcement("beat", event) },
            startEcho,
          ],
        },
        "timer.echo": { actions: { type: "announce", params: announcement("echo", null) } },
        "timer.pulse": { actions: [{ type: "announce", params: announcement("pulse", null) }, startPulse] },
      },
    },
  },
});

function announcement(what: string, beat: Beat | null): Announcement {
  const detail = beat === null ? {} : { frames: beat.frames, sum: beat.sum, draw: beat.draw };
  return { kind: `witness.${what}`, severity: "info", title: `witness: ${what}`, detail };
}

class WitnessDetector implements Detector {
  readonly fields: Fields = { frames: new Uint32Array(1), sum: new Float64Array(1) };

  update({ frame }: Batch, context: DetectorContext): void {
    const { frames, sum } = this.fields as { frames: Uint32Array; sum: Float64Array };
    let total = sum[0]!;
    for (let k = 0; k < frame.count; k++) {
      if (frame.value[k] === POISON) throw new Error(`poison in sample ${k} of ${frame.source}`);
      // The place of a sample changes its weight, so that no sample can replace another.
      total = (total * 31 + frame.value[k]! + frame.channel[k]! + (frame.time[k]! % 1009)) % 1_000_003;
    }
    sum[0] = total;
    frames[0] = frames[0]! + 1;
    const draw = context.random();
    if (frames[0]! % BEAT_FRAMES === 0)
      context.signal({ type: "beat", timeUs: context.now, frames: frames[0]!, sum: total, draw });
  }
}

export const WITNESS: ActorDefinition = {
  name: "witness",
  version: 1,
  machine,
  enabled: () => true,
  createDetector: () => new WitnessDetector(),
  machineInput: () => ({}),
};
