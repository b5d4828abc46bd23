/**
 * In which order the channels stand: those that something happens to first, or as given, by name, or by unit.
 *
 *   unusual   channels of incidents that go on, by contribution · all others as given · the program's own health
 */
import type { Severity } from "../../../protocol/messages.ts";
import { type Incident, isOngoing } from "./incidents.ts";
import { type Channel, isOwn } from "./model.ts";
import { SEVERITIES } from "./severities.ts";

export const ORDERS = [
  { name: "unusual", title: "unusual first" },
  { name: "given", title: "as given" },
  { name: "name", title: "by name" },
  { name: "unit", title: "by unit" },
] as const;

export type Order = (typeof ORDERS)[number]["name"];

/** A row of the list: a channel, or the head of those below it. */
export type Row =
  | { readonly kind: "head"; readonly title: string }
  | { readonly kind: "channel"; readonly channel: Channel };

/** The worst severity of the incidents that a channel is in now, by key, in order of contribution. */
export function affectedBy(incidents: readonly Incident[]): ReadonlyMap<string, Severity> {
  const affected = new Map<string, Severity>();
  const ongoing = incidents
    .filter(isOngoing)
    .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  for (const { group, channels, severity } of ongoing)
    for (const name of channels)
      if (!affected.has(`${group}/${name}`)) affected.set(`${group}/${name}`, severity);
  return affected;
}

export function ordered(
  channels: readonly Channel[],
  order: Order,
  affected: ReadonlyMap<string, Severity>,
): readonly Row[] {
  const rows = (of: readonly Channel[]): Row[] => of.map((channel) => ({ kind: "channel", channel }));
  const under = (title: string, of: readonly Channel[]): Row[] =>
    of.length === 0 ? [] : [{ kind: "head", title }, ...rows(of)];
  switch (order) {
    case "given":
      return rows(channels);
    case "name":
      return rows([...channels].sort((a, b) => (a.title < b.title ? -1 : a.title > b.title ? 1 : 0)));
    case "unit": {
      const units = [...new Set(channels.map(({ unit }) => unit))];
      return units.flatMap((unit) =>
        under(
          unit || "no unit",
          channels.filter((each) => each.unit === unit),
        ),
      );
    }
    case "unusual": {
      const keys = [...affected.keys()];
      const place = ({ key }: Channel) => keys.indexOf(key);
      const unusual = channels.filter(({ key }) => affected.has(key)).sort((a, b) => place(a) - place(b));
      const others = channels.filter((channel) => !affected.has(channel.key) && !isOwn(channel));
      const own = channels.filter((channel) => !affected.has(channel.key) && isOwn(channel));
      const isSplit = unusual.length > 0 || own.length > 0;
      return [
        ...under("Unusual", unusual),
        ...(isSplit ? under("As usual", others) : rows(others)),
        ...under("Eigenwatch itself", own),
      ];
    }
    default:
      return unreachable(order);
  }
}

/** Channels shown at first: few, and of different kinds. */
const FIRST = 4;

/** Those of incidents first; then one of each unit and family of names, and more families where there are few units. */
export function firstChoice(channels: readonly Channel[], affected: ReadonlyMap<string, Severity>): string[] {
  const watched = channels.filter((channel) => !isOwn(channel));
  const unusual = [...affected.keys()].filter((key) => watched.some((each) => each.key === key));
  const chosen = new Set(unusual.slice(0, FIRST));
  const [units, families] = [new Set<string>(), new Set<string>()];
  for (const isByUnit of [true, false]) {
    for (const channel of watched) {
      const family = familyOf(channel.name);
      if (chosen.size >= FIRST || families.has(family) || (isByUnit && units.has(channel.unit))) continue;
      chosen.add(channel.key);
      units.add(channel.unit);
      families.add(family);
    }
  }
  for (const { key } of watched) if (chosen.size < FIRST) chosen.add(key);
  return [...chosen];
}

/** "cpu" of "cpu0.user". */
function familyOf(name: string): string {
  return name.split(/[.\-_/ ]/)[0]!.replace(/\d+$/, "");
}

function unreachable(order: never): never {
  throw new Error(`Cannot order channels by ${order as string}; expected one of ORDERS`);
}
