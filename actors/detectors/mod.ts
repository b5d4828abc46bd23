/**
 * Which actors there are: machine and part of each, and when it runs.
 */

import type { ActorDefinition } from "../ports/detector.ts";
import { AnomalyDetector } from "./anomaly/detector.ts";
import { anomalyMachine } from "./anomaly/machine.ts";
import { CollapseDetector } from "./collapse/detector.ts";
import { collapseMachine } from "./collapse/machine.ts";
import { EstimatorDetector } from "./estimator/detector.ts";
import { estimatorMachine } from "./estimator/machine.ts";
import { FeedWatcherDetector } from "./feed-watcher/detector.ts";
import { feedWatcherMachine } from "./feed-watcher/machine.ts";
import { MonitorDetector } from "./monitor/detector.ts";
import { monitorMachine } from "./monitor/machine.ts";
import { TrajectoryDetector } from "./trajectory/detector.ts";
import { trajectoryMachine } from "./trajectory/machine.ts";

/** Each group of channels gets those that are enabled for it, in this order: a group of given states the last alone. */
export const actorDefinitions: readonly ActorDefinition[] = [
  {
    name: "estimator",
    machine: estimatorMachine,
    // One channel has no coherence.
    enabled: (settings, group) => settings.estimator.enabled && group.n >= 2 && !group.states,
    createDetector: (settings, group) => new EstimatorDetector(settings, group),
    machineInput: (_settings, group) => ({ group: group.name }),
  },
  {
    name: "collapse",
    machine: collapseMachine,
    enabled: (settings, group) => settings.collapse.enabled && !group.states,
    createDetector: (settings, group) => new CollapseDetector(settings, group),
    machineInput: (_settings, group) => ({ group: group.name }),
  },
  {
    name: "anomaly",
    machine: anomalyMachine,
    enabled: (settings, group) => settings.anomaly.enabled && !group.states,
    createDetector: (settings, group) => new AnomalyDetector(settings, group),
    machineInput: (_settings, group) => ({ group: group.name }),
  },
  {
    name: "trajectory",
    machine: trajectoryMachine,
    enabled: (settings, group) => settings.trajectory.enabled && group.states === true,
    createDetector: (settings, group) => new TrajectoryDetector(settings, group),
    machineInput: (_settings, group) => ({ group: group.name }),
  },
];

/** The session has these, once. They hear inputs other than frames. */
export const sessionActorDefinitions: readonly ActorDefinition[] = [
  {
    name: "monitor",
    machine: monitorMachine,
    enabled: (settings) => settings.monitor.enabled,
    createDetector: (settings) => new MonitorDetector(settings),
    machineInput: (_settings, group) => ({ group: group.name }),
  },
  {
    name: "feedWatcher",
    machine: feedWatcherMachine,
    enabled: () => true,
    createDetector: () => new FeedWatcherDetector(),
    machineInput: () => ({}),
  },
];
