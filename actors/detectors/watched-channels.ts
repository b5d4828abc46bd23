/** Which channels of a group a detector watches, and how they are called in its measures. */
import { isName } from "../../protocol/fields.ts";
import type { Group } from "../ports/detector.ts";

/** Places of the channels that are named, with commas between them, else of all if `otherwise`; at most `most`, the first ones. */
export function watchedColumns(
  named: string,
  { channels }: Group,
  otherwise: boolean,
  most: number,
): number[] {
  const names = named.split(",").map((name) => name.trim());
  const isWatched = named.trim() === "" ? () => otherwise : (name: string) => names.includes(name);
  return channels.flatMap(({ name }, column) => (isWatched(name) ? [column] : [])).slice(0, most);
}

/** The name of a channel in those of measures, which have a limit: its own, or its place. `longest`: the longest beginning of such a name. */
export function measuredName({ channels }: Group, column: number, longest: string): string {
  const { name } = channels[column]!;
  return isName(`${longest}.${name}`) ? name : `#${column}`;
}

/** The same of a pair: "A~B", or "#0~#1". */
export function measuredPair(group: Group, first: number, second: number, longest: string): string {
  const [a, b] = [group.channels[first]!.name, group.channels[second]!.name];
  return isName(`${longest}.${a}~${b}`) ? `${a}~${b}` : `#${first}~#${second}`;
}

/** Its name and its display name. */
export function channelTitle({ channels }: Group, column: number): { channel: string; title: string } {
  const { name, title } = channels[column]!;
  return { channel: name, title: title === "" ? name : title };
}
