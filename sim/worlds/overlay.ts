/**
 * The disturbance of a scenario as an overlay over the frames of a group (actors/ports/overlay.ts).
 *
 *   frame ─► samples of the chosen channels ─► disturbance ─► the same frame, or a copy with other values, or null
 *
 * O1  A frame without changes is passed on as it is. A frame with changes is copied, never modified.
 * O2  Prices (groups of log returns) stay above 0.
 */
import type { FrameOverlay } from "../../actors/ports/overlay.ts";
import { expectedAmong } from "../../protocol/closest-name.ts";
import { INJECTION_ENDED, INJECTION_STARTED } from "../../protocol/controls.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { Frame } from "../../protocol/frame.ts";
import { createFrame } from "../../protocol/frame.ts";
import { MAX_FRAME_SAMPLES } from "../../protocol/limits.ts";
import type { Channels, OperatorNotice } from "../../protocol/messages.ts";
import type { Authored } from "../../protocol/principal.ts";
import type { Disturbance } from "./model/scenario.ts";
import { findScenario, injectableNames } from "./scenarios.ts";

export interface OverlayOptions {
  readonly scenario: string;
  /** Multiples of the usual size, above 0. */
  readonly strength: number;
  readonly seed: number;
  /** First and last time of the changed samples, µs; the last is excluded. */
  readonly fromUs: number;
  readonly untilUs: number;
  /** The declaration of the group. */
  readonly declaration: Channels;
  /** Names of the channels to change; absent: all of the group. */
  readonly channels?: readonly string[] | undefined;
  /** Who requested it. */
  readonly author: Authored;
}

/** An overlay that reads earlier frames, so that it knows the noise of the channels at its first sample. */
export interface ScenarioOverlay extends FrameOverlay {
  learn(frame: Frame): void;
}

/** Throws an EigenwatchError if the scenario cannot be injected or a channel does not exist. */
export function createOverlay(options: OverlayOptions): ScenarioOverlay {
  const { declaration, fromUs, untilUs } = options;
  const { group } = declaration;
  const channels = options.channels ?? declaration.channels.map(({ name }) => name);
  const slots = slotsOf(declaration, channels);
  const disturbance = disturbanceOf(options, channels.length);
  const positive = declaration.innovation === "logReturn";
  let scratch: Frame | null = null;
  return {
    name: options.scenario,
    group,
    fromUs,
    untilUs,
    begin: notice(INJECTION_STARTED, options, channels),
    end: notice(INJECTION_ENDED, options, channels),
    learn(frame) {
      if (frame.group !== group) return;
      for (let k = 0; k < frame.count && frame.time[k]! < fromUs; k++) {
        const slot = slots[frame.channel[k]!] ?? -1;
        if (slot >= 0) disturbance.change(frame.time[k]!, slot, frame.value[k]!);
      }
    },
    apply(frame) {
      scratch ??= createFrame("", group, MAX_FRAME_SAMPLES, true);
      const changed = disturbed(frame, scratch, slots, disturbance, positive);
      if (!changed) return frame;
      return scratch.count === 0 ? null : scratch;
    },
  };
}

/** Fills `into` with the disturbed frame. False: nothing changed. */
function disturbed(
  frame: Frame,
  into: Frame,
  slots: Int16Array,
  disturbance: Disturbance,
  positive: boolean,
): boolean {
  const size = into.size ?? new Float64Array(MAX_FRAME_SAMPLES);
  let changed = false;
  let kept = 0;
  for (let k = 0; k < frame.count; k++) {
    const slot = slots[frame.channel[k]!] ?? -1;
    const before = frame.value[k]!;
    let value = slot < 0 ? before : disturbance.change(frame.time[k]!, slot, before);
    if (positive && before > 0 && value <= 0) value = before * LEAST_PRICE;
    if (value !== before) changed = true;
    if (Number.isNaN(value)) continue;
    into.time[kept] = frame.time[k]!;
    into.channel[kept] = frame.channel[k]!;
    into.value[kept] = value;
    if (frame.size !== null) size[kept] = frame.size[k]!;
    kept++;
  }
  Object.assign(into, { source: frame.source, sequence: frame.sequence, count: kept });
  into.size = frame.size === null ? null : size;
  return changed;
}

/** Share of a price that is left when a disturbance would bring it to 0 or below. */
const LEAST_PRICE = 1e-3;

/** Place of each channel of the group among the disturbed channels; −1: not disturbed. */
function slotsOf({ group, channels }: Channels, chosen: readonly string[]): Int16Array {
  const known = channels.map(({ name }) => name);
  const slots = new Int16Array(known.length).fill(-1);
  for (const [slot, name] of chosen.entries()) {
    const at = known.indexOf(name);
    if (at < 0)
      throw new EigenwatchError({
        action: `inject into channel ${name}`,
        value: `group ${group} has none`,
        expected: expectedAmong(name, known),
      });
    slots[at] = slot;
  }
  return slots;
}

function disturbanceOf(options: OverlayOptions, channels: number): Disturbance {
  const { scenario, seed, strength, fromUs, untilUs } = options;
  const { disturb } = findScenario(scenario);
  if (disturb === undefined)
    throw new EigenwatchError({
      action: `inject ${scenario}`,
      value: "it can only be created as a world",
      expected: `one of ${injectableNames().join(", ")}`,
    });
  return disturb({ seed, strength, fromUs, durationUs: untilUs - fromUs, channels });
}

function notice(
  kind: string,
  options: OverlayOptions,
  channels: readonly string[],
): Omit<OperatorNotice, "type"> {
  const { scenario, strength, seed, fromUs, untilUs, declaration, author } = options;
  const what = `${scenario} ×${strength}`;
  const where = channels.length === 1 ? channels[0] : `${channels.length} channels`;
  return {
    kind,
    severity: "notice",
    group: declaration.group,
    channels: [...channels],
    title:
      kind === INJECTION_STARTED
        ? `Injected ${what} into ${where} of ${declaration.group}: not real data until it ends`
        : `Injection of ${what} into ${where} of ${declaration.group} is over`,
    detail: { scenario, strength, seed, fromUs, untilUs },
    ...author,
  };
}
