/** Thresholds and alerts in words, with the unit of their channel. */
import type { Threshold } from "../../../protocol/alert-commands.ts";
import type { AlertStatus } from "../../../protocol/controls.ts";
import { visibleText } from "../../../protocol/visible-text.ts";
import { quantity, span } from "../../charts/format.ts";
import type { Model } from "../model/model.ts";

/** What people call it: its title, else its channel's. */
export function nameOf({ title, of }: Threshold, model: Model): string {
  if (title !== "") return visibleText(title);
  if ("measure" in of) return `${of.measure} of ${visibleText(of.group)}`;
  return model.channelsByKey.get(`${of.group}/${of.channel}`)?.title ?? visibleText(of.channel);
}

export function unitOf({ of }: Threshold, model: Model): string {
  return "channel" in of ? (model.channelsByKey.get(`${of.group}/${of.channel}`)?.unit ?? "") : "";
}

/** "above 90 %, clears at 80 %, for 60 s". */
export function conditionOf(threshold: Threshold, model: Model): string {
  const { direction, level, clearLevel, dwellSeconds, objective } = threshold;
  const unit = unitOf(threshold, model);
  if (objective !== undefined)
    return `${objective.percent} % not ${direction} ${quantity(level, unit)}, burn rate ${objective.burnRate} over ${span(objective.windowSeconds * 1e6)}`;
  const clears = clearLevel === level ? "" : `, clears at ${quantity(clearLevel, unit)}`;
  const dwell = dwellSeconds === 0 ? "" : `, for ${span(dwellSeconds * 1e6)}`;
  return `${direction} ${quantity(level, unit)}${clears}${dwell}`;
}

/** "fires, for 3 min", "fires in 20 s if it stays". */
export function stateOf({ state, sinceUs, threshold }: AlertStatus, headUs: number): string {
  const lastedUs = Math.max(0, headUs - (sinceUs ?? headUs));
  if (state === "firing") return `fires, beyond its level for ${span(Math.round(lastedUs / 1e6) * 1e6)}`;
  if (state !== "pending") return state === "waiting" ? "waits for a first value" : "as it should be";
  const left = Math.max(0, Math.ceil(threshold.dwellSeconds - lastedUs / 1e6));
  return `fires in ${span(left * 1e6)} if it stays`;
}
