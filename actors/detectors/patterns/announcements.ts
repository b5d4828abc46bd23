/** The wording of the events of patterns. They are no findings: a shape alone is nothing that somebody must look after. */
import type { Announcement } from "../../ports/detector.ts";
import { duration } from "../event-wording.ts";
import type { Found, Spiked } from "./signals.ts";

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

export function spiked(event: Spiked): Announcement {
  const { channel, title, shape, ratio, among, confidence, fromUs, timeUs, rows } = event;
  const [size, points] = shape === "spike" ? ["high", "high"] : ["deep", "low"];
  return {
    kind: "pattern.found",
    severity: "info",
    title: `${title} has drawn a ${shape} in ${duration(timeUs - fromUs)}: ${ratio.toFixed(1)} times as ${size} as the largest of ${among} ${points} points before`,
    channels: [channel],
    detail: { atUs: timeUs, fromUs, shape, ratio, among, confidence, rows },
  };
}
