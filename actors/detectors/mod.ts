/**
 * Which actors there are: machine and part of each, and when it runs.
 */

import type { ActorDefinition } from "../ports/detector.ts";
import { AnomalyPart } from "./anomaly/detector.ts";
import { anomalyMachine } from "./anomaly/machine.ts";
import { CollapsePart } from "./collapse/detector.ts";
import { collapseMachine } from "./collapse/machine.ts";
import { EstimatorPart } from "./estimator/detector.ts";
import { estimatorMachine } from "./estimator/machine.ts";
import { FeedWatcherPart } from "./feed-watcher/detector.ts";
import { feedWatcherMachine } from "./feed-watcher/machine.ts";
import { MonitorPart } from "./monitor/detector.ts";
import { monitorMachine } from "./monitor/machine.ts";
import { TrajectoryPart } from "./trajectory/detector.ts";
import { trajectoryMachine } from "./trajectory/machine.ts";

/** Each group of channels gets those that are enabled for it, in this order: a group of given states the last alone. */
export const actorDefinitions: readonly ActorDefinition[] = [
  {
    name: "estimator",
    machine: estimatorMachine,
    // One channel has no coherence.
    enabled: (settings, group) => settings.estimator.enabled && group.n >= 2 && !group.states,
    createPart: (settings, group) => new EstimatorPart(settings, group),
    machineInput: (_settings, group) => ({ group: group.name }),
  },
  {
    name: "collapse",
    machine: collapseMachine,
    enabled: (settings, group) => settings.collapse.enabled && !group.states,
    createPart: (settings, group) => new CollapsePart(settings, group),
    machineInput: (_settings, group) => ({ group: group.name }),
  },
  {
    name: "anomaly",
    machine: anomalyMachine,
    enabled: (settings, group) => settings.anomaly.enabled && !group.states,
    createPart: (settings, group) => new AnomalyPart(settings, group),
    machineInput: (_settings, group) => ({ group: group.name }),
  },
  {
    name: "trajectory",
    machine: trajectoryMachine,
    enabled: (settings, group) => settings.trajectory.enabled && group.states === true,
    createPart: (settings, group) => new TrajectoryPart(settings, group),
    machineInput: (_settings, group) => ({ group: group.name }),
  },
];

/** The session has these, once. They hear inputs other than frames. */
export const sessionActorDefinitions: readonly ActorDefinition[] = [
  {
    name: "monitor",
    machine: monitorMachine,
    enabled: (settings) => settings.monitor.enabled,
    createPart: (settings) => new MonitorPart(settings),
    machineInput: (_settings, group) => ({ group: group.name }),
  },
  {
    name: "feedWatcher",
    machine: feedWatcherMachine,
    enabled: () => true,
    createPart: () => new FeedWatcherPart(),
    machineInput: () => ({}),
  },
];
