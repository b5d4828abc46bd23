/**
 * Which actors exist. A new one is a folder in actors/detectors/ and a row here.
 *
 *   partition (actors/partition) ── owns ──► core (actors/core) ── supervises, one for one ──► actors
 *
 * Each group of channels and the session has those that its settings enable, in this order. The rows that the detectors of a group read
 * are assembled once for all of them (actors/detectors/rows/row-assembler.ts).
 */
import type { CoreDefinitions } from "./core/core.ts";
import { alerts } from "./detectors/alerts/detector.ts";
import { anomaly } from "./detectors/anomaly/detector.ts";
import { arrivals } from "./detectors/arrivals/detector.ts";
import { changes } from "./detectors/changes/detector.ts";
import { collapse } from "./detectors/collapse/detector.ts";
import { entanglement } from "./detectors/entanglement/detector.ts";
import { estimator } from "./detectors/estimator/detector.ts";
import { feedWatcher } from "./detectors/feed-watcher/detector.ts";
import { incidents } from "./detectors/incidents/detector.ts";
import { interference } from "./detectors/interference/detector.ts";
import { measurementEffect } from "./detectors/measurement-effect/detector.ts";
import { monitor } from "./detectors/monitor/detector.ts";
import { opportunity } from "./detectors/opportunity/detector.ts";
import { patterns } from "./detectors/patterns/detector.ts";
import { prediction } from "./detectors/prediction/detector.ts";
import { risk } from "./detectors/risk/detector.ts";
import { room } from "./detectors/room/detector.ts";
import { scans } from "./detectors/scans/detector.ts";
import { trajectory } from "./detectors/trajectory/detector.ts";
import { trend } from "./detectors/trend/detector.ts";
import type { ActorDefinition } from "./ports/detector.ts";

export const SYSTEM: CoreDefinitions = {
  group: [
    estimator, // density matrix and coherence: how much the channels move together
    collapse, // change of the joint law, with a guaranteed rate of false alarms
    anomaly, // novelty in single channels and in all together
    changes, // another level or slope of a channel, and when it began
    trend, // slopes of channels, where they turn, and when thresholds are reached
    risk, // what prices may lose, and whether that was known rightly
    prediction, // the next values and states, with bands, and whether that is more than anybody could say
    patterns, // shapes that channels draw, beside what they draw by chance
    opportunity, // prices that are tied and came apart, and ways round through markets, after costs
    entanglement, // which pairs move together beyond chance, and what the channels share
    interference, // phases between channels that keep still, or beat
    arrivals, // channels that bring nothing, and clocks that are set back
    measurementEffect, // how the state changed around marked events
    trajectory, // states that feeds send whole: purity, coherence, jumps
  ],
  session: [
    monitor, // latency and shedding: normal ⇄ degraded
    feedWatcher, // what feeds report, as events
    incidents, // what the detectors of all groups find, as alarms within a budget
    alerts, // thresholds that people set, and their alerts within a budget
    room, // the shared document: what people change, as commands
    scans, // what the program scanned: requests, results and ends, as it entered them
  ],
};

/** Adds an actor of groups, last, for all that this process runs afterwards. Only actors/own-actors.ts does so, before anything runs. */
export function addToSystem(definition: ActorDefinition): void {
  (SYSTEM.group as ActorDefinition[]).push(definition);
}
