/** The wording of the event of a pattern. It is no finding: a shape alone is nothing that somebody must look after. */
import type { Announcement } from "../../ports/detector.ts";
import { duration } from "../event-wording.ts";
import type { Found } from "./signals.ts";

export function found(event: Found): Announcement {
  const { channel, title, shape, correlation, confidence, fromUs, timeUs, rows } = event;
  const article = /^[aeiou]/.test(shape) ? "an" : "a";
  return {
    kind: "pattern.found",
    severity: "info",
    title: `${title} has drawn ${article} ${shape} in ${duration(timeUs - fromUs)}: of ${Math.round(100 / (100 - confidence)) - 1} paths with its own steps none is as alike`,
    channels: [channel],
    detail: { atUs: timeUs, fromUs, shape, correlation, confidence, rows },
  };
}
