/**
 * What a detector of somebody else is made with: `eigenwatch/actors`.
 *
 *     export default ({ defineDetector, v }: ActorKit) =>
 *       defineDetector({
 *         name: "wide",
 *         settings: { most: v.optional(v.number(), 3) },
 *         create: ({ most }, group) => ({ fields: { … }, update(batch, context) { … context.signal({ type: "found", … }) } }),
 *       });
 *
 * The file gets everything as an argument and imports types alone: it is one file, whose hash stands for what it computes, and it runs wherever the
 * program does. docs/detectors.md says what it may do.
 */
import atan2 from "@stdlib/math-base-special-atan2";
import erfc from "@stdlib/math-base-special-erfc";
import exp from "@stdlib/math-base-special-exp";
import expm1 from "@stdlib/math-base-special-expm1";
import ln from "@stdlib/math-base-special-ln";
import log1p from "@stdlib/math-base-special-log1p";
import sincos from "@stdlib/math-base-special-sincos";
import * as v from "valibot";
import { type AnyStateMachine, setup } from "xstate";
import type { Settings } from "../protocol/settings.ts";
import { type FindingsMachine, findingsMachine } from "./detectors/findings-machine.ts";
import { actorActions, announces } from "./detectors/machine-actions.ts";
import type { ActorDefinition, Detector, Group } from "./ports/detector.ts";

export type { Settings } from "../protocol/settings.ts";
export type { FindingsMachine, Found, Over } from "./detectors/findings-machine.ts";
export type {
  ActorDefinition,
  Announcement,
  Batch,
  Detector,
  DetectorContext,
  Fields,
  Finding,
  Group,
  Signal,
  TypedArray,
} from "./ports/detector.ts";

/** Values of a detector's own settings: numbers, texts and switches, each with a default. */
type Section<Entries extends v.ObjectEntries> = v.InferOutput<v.ObjectSchema<Entries, undefined>> & {
  readonly enabled: boolean;
};

/** A detector for groups of channels, as its author writes it. */
export interface OwnDetector<
  Entries extends v.ObjectEntries = Record<never, never>,
  Machine extends AnyStateMachine = FindingsMachine,
> {
  /** Lower-case letters, unique: it names the actor, its section of the settings, its events (`NAME.found`) and should begin its measures. */
  readonly name: string;
  /** Schemas by name, each optional with a default. `enabled`, true by default, is there besides. */
  readonly settings?: Entries;
  /** Default: one that announces what is found and what is over (actors/detectors/findings-machine.ts). */
  readonly machine?: Machine;
  /** Whether it watches a group. Default: each that has samples. */
  appliesTo?(group: Group, settings: Section<Entries>): boolean;
  /** Called for each group, and again when one of its settings changes. */
  create(settings: Section<Entries>, group: Group, all: Settings): Detector<Machine>;
}

/** What `defineDetector` makes of it. */
export interface OwnActor {
  readonly definition: ActorDefinition;
  /** Schema of its section of the settings. */
  readonly section: v.GenericSchema;
}

/** What the default export of an actor's file gets, and what it returns. */
export type ActorKit = typeof actorKit;
export type ActorModule = (kit: ActorKit) => OwnActor;

function defineDetector<
  const Entries extends v.ObjectEntries = Record<never, never>,
  Machine extends AnyStateMachine = FindingsMachine,
>(own: OwnDetector<Entries, Machine>): OwnActor {
  const { name } = own;
  const sectionOf = (settings: Settings) =>
    (settings as unknown as Record<string, Section<Entries>>)[name] as Section<Entries>;
  const definition: ActorDefinition = {
    name,
    // The hash of its file stands for what it computes. 1 is the version of actors that recordings do not name.
    version: 2,
    machine: own.machine ?? findingsMachine(name),
    enabled(settings, group) {
      const section = sectionOf(settings);
      return section.enabled && !group.states && (own.appliesTo?.(group, section) ?? true);
    },
    createDetector: (settings, group) =>
      own.create(sectionOf(settings), group, settings) as unknown as Detector,
    machineInput: (_settings, group) => ({ group: group.name }),
  };
  return {
    definition,
    section: v.strictObject({ enabled: v.optional(v.boolean(), true), ...own.settings }),
  };
}

/** The same on every runtime, to the last bit: `Math.exp` and the like are not. */
const math: Record<"erfc" | "exp" | "expm1" | "ln" | "log1p", (x: number) => number> & {
  atan2(y: number, x: number): number;
  /** Sine and cosine. */
  sincos(x: number): ArrayLike<number>;
} = { atan2, erfc, exp, expm1, ln, log1p, sincos };

export const actorKit = {
  defineDetector,
  /** valibot, for settings. */
  v,
  math,
  /** For a machine of one's own: XState's `setup`, the actions that the core performs, and `announce` composed from a signal. */
  setup,
  actions: actorActions,
  announces,
};
