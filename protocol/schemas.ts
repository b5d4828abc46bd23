/**
 * The body of every message, as a schema: checked where it comes in from outside, trusted after that.
 *
 * The frame's columns are binary and are not checked here but in frame.ts, by lengths and ranges.
 * Times are integer µs since the epoch; ids are `partition/inputSequence/k`.
 */
import * as v from "valibot";
import { MAX_GROUP_CHANNELS, MAX_NAME_BYTES, MAX_TEXT_BYTES } from "./limits.ts";

export const name = v.pipe(v.string(), v.nonEmpty(), v.maxBytes(MAX_NAME_BYTES));
export const text = v.pipe(v.string(), v.maxBytes(MAX_TEXT_BYTES));
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const timeUs = v.pipe(v.number(), v.safeInteger());
export const bytes = v.instance(Uint8Array);
/** Plain values that fit JSON, for details and settings. */
export const plain = v.union([v.string(), v.number(), v.boolean(), v.null()]);
export const plainMap = v.record(name, plain);

export const SEVERITIES = ["info", "notice", "warning", "critical"] as const;

// ---- inputs -----------------------------------------------------------------------------------------------------

/** The session begins (or goes on after a restart with other settings): everything the core needs to know from outside. */
export const sessionOpened = v.object({
  session: name,
  partition: name,
  seed: count,
  /** The whole settings object (protocol/settings.ts), plain JSON. */
  settings: v.record(v.string(), v.unknown()),
  /** Versions whose change may change the bits: eigenwatch, protocol, @stdlib packages. */
  versions: v.record(v.string(), v.string()),
});

export const channel = v.object({
  name,
  /** Display name; the name where empty. */
  title: text,
  /** UCUM-like unit, "" when dimensionless: "%", "B/s", "USD". */
  unit: text,
});

/** A source declares the channels of a group; a later declaration may only add channels at the end. */
export const channels = v.object({
  group: name,
  source: name,
  channels: v.pipe(v.array(channel), v.minLength(1), v.maxLength(MAX_GROUP_CHANNELS)),
  /** `rows`: all channels are sampled together (equal times); `ticks`: each at its own times. */
  sampling: v.picklist(["rows", "ticks"]),
  /** Nominal spacing of rows, µs; for ticks the grid on which joint rows are formed. 0 = not known. */
  everyUs: count,
  /** How a sample becomes an innovation. */
  innovation: v.picklist(["logReturn", "difference", "ar1"]),
});

/** What happened to a feed, and what it had to leave out since its last report, per reason. */
export const feedStatus = v.object({
  source: name,
  status: v.picklist(["opened", "running", "gap", "stalled", "failed", "ended"]),
  detail: text,
  /** e.g. { nan: 3, unparsable: 1, backward: 2, duplicate: 0 } */
  counts: v.record(name, count),
});

/** Nothing came, but time passed: lets timers fire. */
export const tick = v.object({});

/** A setting was changed by somebody who may. */
export const configChanged = v.object({
  path: name,
  value: v.unknown(),
  author: name,
});

/** Inputs offered to the sequencer since the last report, and how many of them it had to shed (offered = admitted + shed). */
export const shed = v.object({
  offered: count,
  admitted: count,
  shed: count,
  duplicates: count,
  reason: name,
});

/** Measurements of the machine and of ourselves, taken by the runtime; gauges by name. */
export const measurement = v.object({
  /** e.g. samplesPerSecond, inputsPerSecond, latencyP50Us, latencyP99Us, queueDepth, shed, bufferBytes, degraded (0/1), actorUs.collapse */
  gauges: v.record(name, v.number()),
});

// ---- derived ----------------------------------------------------------------------------------------------------

/** Something worth a person's attention, announced by an actor. */
export const event = v.object({
  /** 1, 2, … within the session: the cursor by which clients resume. */
  sequence: count,
  /** `partition/inputSequence/k`. */
  id: name,
  timeUs,
  /** e.g. "collapse.declared", "anomaly.started", "feed.gap", "actor.restarted". */
  kind: name,
  severity: v.picklist(SEVERITIES),
  actor: name,
  group: v.string(),
  channels: v.array(name),
  /** One plain sentence. */
  title: text,
  detail: plainMap,
});

/** The joint state of a group, at the publish rate. `re`/`im`: n² little-endian float32, row-major. */
export const state = v.object({
  group: name,
  timeUs,
  n: count,
  /** Names of the modes, in the order of the matrix. */
  modes: v.array(name),
  source: v.picklist(["direct", "estimated"]),
  reading: v.picklist(["native", "single-excitation"]),
  norm: v.picklist(["unit", "power"]),
  re: bytes,
  im: bytes,
  populations: v.array(v.number()),
  spectrum: v.array(v.number()),
  /** |v₁|² per mode and phase relative to the largest. */
  pointer: v.array(v.number()),
  pointerPhase: v.array(v.number()),
  /** Scalars by name: purity, purityCorrected, cohL1, cohL1Norm, cohRel, entropy, effRank, lambdaMax, visibility, kappa, nEff, significantPairs, groupDelaySeconds … */
  measures: v.record(name, v.number()),
  /** False while the estimate is below its noise floor or still warming. */
  significant: v.boolean(),
});

/** What the monitor shows: gauges by name. */
export const metrics = v.object({ timeUs, gauges: v.record(name, v.number()) });
