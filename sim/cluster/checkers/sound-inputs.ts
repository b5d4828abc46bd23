import { MAX_FRAME_SAMPLES } from "../../../protocol/limits.ts";
import type { Checker, Observed } from "./checker.ts";

/** Inputs in the log are usable: finite values of declared channels, at times that the world has reached. */
export function soundInputs(aheadMaxUs: number): Checker {
  return {
    name: "sound-inputs",
    rule: "the log holds finite values of declared channels, and its time follows the clock",
    observes: ["applied"],
    observe(observation) {
      const { node, partition, sequence, timeUs, atUs } = observation as Observed<"applied">;
      if (timeUs - atUs <= aheadMaxUs) return null;
      return `${node} set the time of ${partition} to ${timeUs} with input ${sequence} at ${atUs}; expected at most ${aheadMaxUs} µs ahead`;
    },
    replayed({ partition, sequence, input, channels }) {
      if (input.type !== "frame") return null;
      const where = `input ${sequence} of ${partition}`;
      if (input.count < 1 || input.count > MAX_FRAME_SAMPLES) return `${where} has ${input.count} samples`;
      for (let k = 0; k < input.count; k++) {
        if (!Number.isFinite(input.value[k]!)) return `${where} has the value ${input.value[k]}`;
        if (input.channel[k]! >= channels) return `${where} is of channel ${input.channel[k]} of ${channels}`;
      }
      return null;
    },
  };
}
