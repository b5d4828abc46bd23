/**
 * The map of the running program: which actors exist, and who looks after them.
 *
 *   partition (actors/partition) ── owns ──► core (actors/core) ── supervises, one for one ──►
 *
 *     session          monitor        latency, shed counts → normal ⇄ degraded
 *                      feedWatcher    what feeds report → events
 *     each group       estimator      density matrix, coherence: how much the channels move together
 *                      collapse       change of the joint law at a promised rate of false alarms
 *                      anomaly        novelty per channel and joint
 *     group of states  trajectory     states that feeds give whole: purity, coherence, jumps
 *
 * A group's front end (actors/detectors/rows/row-assembler.ts) turns frames into innovations and rows once, for all its actors.
 */

import type { CoreDefinitions } from "./core/core.ts";
import { actorDefinitions, sessionActorDefinitions } from "./detectors/mod.ts";

export const SYSTEM: CoreDefinitions = { group: actorDefinitions, session: sessionActorDefinitions };
