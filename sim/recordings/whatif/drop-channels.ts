/**
 * `--drop CHANNEL`: the branch gets no samples of it.
 *
 * A group that is declared after the branch begins is declared without the channel, and its frames renumber the channels. In a group
 * declared before, the channel stays without samples: its actors keep what they have learnt. A frame that loses all its samples is dropped.
 */

import { nearestTo } from "../../../protocol/closest-name.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import type { Frame } from "../../../protocol/frame.ts";
import { createScratchFrame } from "../../../protocol/frame.ts";
import type { Channels } from "../../../protocol/messages.ts";
import type { InputRewriter } from "./input-rewriter.ts";

/** Stands for the place of a dropped channel. */
const DROPPED = -1;

/** `declared`: the groups as declared where the branch begins. */
export function dropChannels(names: readonly string[], declared: readonly Channels[]): InputRewriter {
  const scratch = createScratchFrame();
  const originals = new Map(declared.map((each) => [each.group, each]));
  /** New place of each channel, by group; a group without dropped channels has no entry. */
  const places = new Map<string, Int16Array>();
  /** Groups that were declared without the channels after the branch began. */
  const shortened = new Set<string>();
  for (const each of declared) setPlaces(each);

  return {
    before() {},
    change(input) {
      if (input.type === "frame") {
        const map = places.get(input.group);
        return map === undefined ? input : without(input, map);
      }
      return input.type === "channels" ? redeclared(input) : input;
    },
  };

  function redeclared(declaration: Channels): Channels | null {
    const { group } = declaration;
    const known = originals.get(group);
    originals.set(group, declaration);
    // A source that starts again repeats its declaration: the channel stays.
    if (known === undefined || !isSame(known, declaration)) shortened.add(group);
    const map = setPlaces(declaration);
    if (map === undefined || !shortened.has(group)) return declaration;
    const channels = declaration.channels.filter((_, i) => map[i] !== DROPPED);
    return channels.length === 0 ? null : { ...declaration, channels };
  }

  function setPlaces({ group, channels }: Channels): Int16Array | undefined {
    const map = new Int16Array(channels.length);
    let next = 0;
    for (const [i, { name }] of channels.entries()) {
      if (isNamed(names, group, name)) map[i] = DROPPED;
      else map[i] = shortened.has(group) ? next++ : i;
    }
    if (map.includes(DROPPED)) places.set(group, map);
    else places.delete(group);
    return places.get(group);
  }

  function without(frame: Frame, map: Int16Array): Frame | null {
    let kept = 0;
    for (let k = 0; k < frame.count; k++) {
      const place = map[frame.channel[k]!]!;
      if (place === DROPPED) continue;
      scratch.time[kept] = frame.time[k]!;
      scratch.channel[kept] = place;
      scratch.value[kept] = frame.value[k]!;
      if (frame.size !== null) scratch.sizeColumn[kept] = frame.size[k]!;
      kept++;
    }
    if (kept === 0) return null;
    scratch.group = frame.group;
    scratch.source = frame.source;
    scratch.sequence = frame.sequence;
    scratch.count = kept;
    scratch.size = frame.size === null ? null : scratch.sizeColumn;
    return scratch;
  }
}

/** Names that no declaration has. */
export function unknownChannels(names: readonly string[], declared: Iterable<Channels>): string[] {
  const all = [...declared];
  return names.filter(
    (name) => !all.some(({ group, channels }) => channels.some((each) => isNamed([name], group, each.name))),
  );
}

export function channelError(name: string, declared: Iterable<Channels>): EigenwatchError {
  const known = [...new Set([...declared].flatMap(({ channels }) => channels.map((each) => each.name)))];
  const near = nearestTo(name, known);
  const expected = near.length > 0 ? `perhaps ${near.join(" or ")}` : `one of ${some(known)}`;
  return new EigenwatchError({
    action: `drop ${name}`,
    value: "the recording has no such channel",
    expected,
  });
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, 20).join(", ");
  return names.length > 20 ? `${shown}, … (${names.length} in all)` : shown;
}

function isNamed(names: readonly string[], group: string, channel: string): boolean {
  return names.includes(channel) || names.includes(`${group}/${channel}`);
}

function isSame(a: Channels, b: Channels): boolean {
  return (
    a.sampling === b.sampling &&
    a.everyUs === b.everyUs &&
    a.innovation === b.innovation &&
    a.channels.length === b.channels.length &&
    a.channels.every(({ name }, i) => name === b.channels[i]!.name)
  );
}
