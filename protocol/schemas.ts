/**
 * The bodies of the messages of feeds and core. A body is checked where it arrives from outside, and not again after that.
 *
 * Frames are not here: their columns are binary, and frame-body.ts checks them by lengths and ranges.
 */
import * as v from "valibot";
import {
  bytes,
  count,
  finite,
  float32s,
  float64s,
  json,
  mapOf,
  name,
  plainMap,
  text,
  timeUs,
} from "./fields.ts";
import { MAX_EDIT_BYTES, MAX_GROUP_CHANNELS, MAX_MATRIX_DIMENSION, MAX_VECTOR_DIMENSION } from "./limits.ts";
import { ROLES } from "./principal.ts";

export const SEVERITIES = ["info", "notice", "warning", "critical"] as const;

// ---- inputs -----------------------------------------------------------------------------------------------------

/** The session begins, or continues after a restart with the settings that it had. Contains everything that the core needs from outside. */
export const sessionOpened = v.object({
  session: name,
  partition: name,
  /** How many partitions share the groups of the session; absent: this is the only one. */
  partitions: v.optional(v.pipe(count, v.minValue(1))),
  seed: count,
  /** The whole settings object (protocol/settings.ts), plain JSON. */
  settings: mapOf(json),
  /** Versions that can change results: eigenwatch, protocol, @stdlib packages, each actor as `actor/NAME`, with its file as `file/NAME`. */
  versions: mapOf(text),
});

export const channel = v.object({
  name,
  /** Display name; if empty, the name is displayed. */
  title: text,
  /** Unit as in UCUM, "" without dimension: "%", "B/s", "USD". */
  unit: text,
});

/** A source declares the channels of a group. A later declaration may only add channels at the end. */
export const channels = v.object({
  group: name,
  source: name,
  channels: v.pipe(v.array(channel), v.minLength(1), v.maxLength(MAX_GROUP_CHANNELS)),
  /** `rows`: all channels are sampled at the same times; `ticks`: each at its own times. */
  sampling: v.picklist(["rows", "ticks"]),
  /** Nominal spacing of rows, or for ticks the grid of joint rows, µs. 0: not known. */
  everyUs: count,
  /** How a sample becomes an innovation. */
  innovation: v.picklist(["logReturn", "difference", "ar1"]),
});

/** What happened to a feed, and its bad samples since its last report, per reason. */
export const feedStatus = v.object({
  source: name,
  status: v.picklist(["opened", "running", "gap", "stalled", "failed", "ended"]),
  detail: text,
  /** e.g. { nan: 3, unparsable: 1, backward: 2, duplicate: 0 } */
  counts: mapOf(count),
});

/** Who an input comes from: a person, or a part of the runtime. */
export const authored = {
  author: name,
  /** Of the principal that a gateway verified (principal.ts), where a command made the input. */
  authorId: v.optional(name),
  /** The role of that principal at that time. */
  authorRole: v.optional(v.picklist(ROLES)),
};

/** An authorised person changed a setting. */
export const configChanged = v.object({
  path: name,
  value: json,
  ...authored,
  /** Id of the command that asked for it, where that came from another node. */
  command: v.optional(name),
});

/** A notice of the runtime or of a person; the core turns it into an event. Notices mark injections. */
export const notice = v.object({
  /** e.g. "injection.started", "shadow.differs". */
  kind: name,
  severity: v.picklist(SEVERITIES),
  /** Group concerned, "" for the whole session, and its channels. */
  group: v.string(),
  channels: v.array(name),
  /** One plain sentence. */
  title: text,
  detail: plainMap,
  ...authored,
  /** As in configChanged. */
  command: v.optional(name),
});

/** Somebody whom a gateway or a room has verified. */
const author = v.object({
  /** The same for all that one person does. */
  id: name,
  /** As people see it. */
  name: v.optional(name),
  /** What they may do in the session. */
  role: v.optional(name),
});

/** What a person did, for the actors that listen for its name. */
export const command = v.object({
  /** A row of COMMANDS (commands.ts) whose body it has. */
  name,
  body: json,
  author,
  /** Where it comes from: "gateway", "room". */
  source: name,
  /** 1, 2, … within the source: a command that comes again is a duplicate. 0: not numbered. */
  sequence: count,
  /** As in configChanged. */
  command: v.optional(name),
});

/** What a person changed in the shared document. It passed the room's gate: it applies without a gap, and its writers are its author's. */
export const edit = v.object({
  /** Yjs update, format V1. */
  update: v.pipe(bytes, v.maxLength(MAX_EDIT_BYTES)),
  /** Who, as the server verified it: an id, and a name for people. */
  author: name,
  name,
  role: v.picklist(ROLES),
  /** The connection it came by. */
  connection: name,
  /** The epoch of the document that it was made in. */
  epoch: count,
});

/** Inputs offered to the sequencer since the last report, and how many it shed (offered = admitted + shed + duplicates). */
export const shed = v.object({
  offered: count,
  admitted: count,
  shed: count,
  duplicates: count,
  reason: name,
});

/** Measurements of the machine and of this program, taken by the runtime: gauges by name. */
export const measurement = v.object({
  /** e.g. samplesPerSecond, inputsPerSecond, latencyP50Us, latencyP99Us, queueDepth, shed, bufferBytes, degraded (0/1), actorUs.collapse */
  gauges: mapOf(finite),
});

// ---- derived ----------------------------------------------------------------------------------------------------

/** Something that deserves attention, announced by an actor. */
export const event = v.object({
  /** 1, 2, … within the session: the cursor of clients. */
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

/** The joint state of a group. `re` and `im`: n² little-endian float32, row-major. */
export const state = v.pipe(
  v.object({
    group: name,
    timeUs,
    n: v.pipe(count, v.maxValue(MAX_GROUP_CHANNELS)),
    /** Names of the modes, in the order of the matrix. */
    modes: v.array(name),
    source: v.picklist(["direct", "estimated"]),
    reading: v.picklist(["native", "single-excitation"]),
    norm: v.picklist(["unit", "power"]),
    re: float32s,
    im: float32s,
    populations: v.array(finite),
    spectrum: v.array(finite),
    /** |v₁|² per mode and phase relative to the largest. */
    pointer: v.array(finite),
    pointerPhase: v.array(finite),
    /** Scalars by name: purity, purityCorrected, cohL1, cohL1Norm, cohRel, entropy, effRank, lambdaMax, visibility, kappa, nEff, significantPairs, groupDelaySeconds … */
    measures: mapOf(finite),
    /** False while the estimate is below its noise floor or warming up. */
    significant: v.boolean(),
  }),
  v.check(
    (s) => s.re.length === 4 * s.n * s.n && s.im.length === s.re.length,
    "Expected re and im of n² float32",
  ),
);

/** Gauges of the monitor by name. */
export const metrics = v.object({ timeUs, gauges: mapOf(finite) });

// ---- true quantum data from feeds ---------------------------------------------------------------------------------

/** A density matrix from a simulation or tomography: `re` and `im` have n² little-endian float64, row-major. */
export const densityMatrix = v.pipe(
  v.object({
    group: name,
    source: name,
    sequence: count,
    timeUs,
    n: v.pipe(count, v.minValue(1), v.maxValue(MAX_MATRIX_DIMENSION)),
    re: float64s,
    im: float64s,
  }),
  v.check(
    (m) => m.re.length === 8 * m.n * m.n && m.im.length === m.re.length,
    "Expected re and im of n² float64",
  ),
);

/** A pure state: `re` and `im` have n little-endian float64. */
export const stateVector = v.pipe(
  v.object({
    group: name,
    source: name,
    sequence: count,
    timeUs,
    n: v.pipe(count, v.minValue(1), v.maxValue(MAX_VECTOR_DIMENSION)),
    re: float64s,
    im: float64s,
  }),
  v.check((s) => s.re.length === 8 * s.n && s.im.length === s.re.length, "Expected re and im of n float64"),
);

/** The record of a continuous measurement of an operator: `current[k]` at `timeUs + k·everyUs`. */
export const measurementRecord = v.object({
  group: name,
  source: name,
  sequence: count,
  timeUs,
  everyUs: count,
  operator: name,
  /** Detection efficiency in [0, 1]. */
  efficiency: v.pipe(finite, v.minValue(0), v.maxValue(1)),
  current: float64s,
});
