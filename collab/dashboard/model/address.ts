/**
 * What a person looks at, in the address of the page: whoever opens the link sees the same.
 *
 *   ?span=3600&end=2026-05-04T12:00:00.000Z&at=…&channels=host/disk.written,…&group=host&incident=p0/2&event=p0/119/1&list=notes&order=name
 *   &scale=log&candles=1&zone=America/New_York
 *
 * Without `end` the page follows what comes. What is as at first is left out. Other parameters stay.
 */
import { batch, effect } from "@preact/signals";
import { isZone } from "../../charts/zone.ts";
import { ORDERS, type Order } from "./channel-order.ts";
import { SCALES, type Scale, type View } from "./view.ts";

/** Addresses are written when a person rests: browsers refuse more than a hundred in half a minute. */
const REST_MS = 400;

/** What an address says of the view; what it does not say is absent. */
export interface Place {
  readonly spanUs?: number;
  readonly endUs?: number;
  readonly atUs?: number;
  /** As group/name. */
  readonly channels?: readonly string[];
  readonly group?: string;
  readonly incident?: string;
  readonly event?: string;
  readonly list?: "events" | "notes";
  readonly order?: Order;
  readonly scale?: Scale;
  readonly candles?: true;
  readonly zone?: string;
}

const KEYS = [
  ...["span", "end", "at", "channels", "group", "incident", "event", "list", "order"],
  ...["scale", "candles", "zone"],
] as const;

/** Reads an address. Whatever does not fit is left out: anybody may have written it. */
export function placeIn(query: URLSearchParams): Place {
  const seconds = Number(query.get("span") ?? Number.NaN);
  const time = (key: string) => {
    const ms = Date.parse(query.get(key) ?? "");
    return Number.isNaN(ms) ? undefined : ms * 1000;
  };
  const text = (key: string) => query.get(key) ?? undefined;
  const list = query.get("list");
  const order = ORDERS.find(({ name }) => name === query.get("order"))?.name;
  return present({
    spanUs: seconds > 0 && Number.isFinite(seconds) ? seconds * 1e6 : undefined,
    endUs: time("end"),
    atUs: time("at"),
    channels: query.get("channels")?.split(",").filter(Boolean).map(withCommas),
    group: text("group"),
    incident: text("incident"),
    event: text("event"),
    list: list === "events" || list === "notes" ? list : undefined,
    order,
    scale: SCALES.find(({ name }) => name === query.get("scale"))?.name,
    candles: query.get("candles") === "1" ? true : undefined,
    zone: isZone(query.get("zone") ?? "") ? text("zone") : undefined,
  });
}

/** The address with a place in it. */
export function withPlace(address: string, place: Place): string {
  const url = new URL(address);
  const { searchParams: query } = url;
  for (const key of KEYS) query.delete(key);
  const { spanUs, endUs, atUs, channels, group, incident, event, list, order, scale, candles, zone } = place;
  const set = (key: string, value: string | undefined) => {
    if (value !== undefined) query.set(key, value);
  };
  set("span", spanUs === undefined ? undefined : String(spanUs / 1e6));
  set("end", endUs === undefined ? undefined : isoOf(endUs));
  set("at", atUs === undefined ? undefined : isoOf(atUs));
  set("channels", channels?.map(withoutCommas).join(","));
  set("group", group);
  set("incident", incident);
  set("event", event);
  set("list", list);
  set("order", order);
  set("scale", scale);
  set("candles", candles === true ? "1" : undefined);
  set("zone", zone);
  // A token is for one person.
  url.hash = "";
  return url.href;
}

/** What the view shows now. */
export function placeOf(view: View): Place {
  const optional = <Value>(value: Value | null): Value | undefined => value ?? undefined;
  return present({
    spanUs: view.spanUs.value,
    endUs: optional(view.frozenEndUs.value),
    atUs: optional(view.pinnedUs.value),
    channels: view.chosen.value,
    group: view.groupName.value || undefined,
    incident: optional(view.openIncident.value),
    event: optional(view.openEvent.value),
    list: view.list.value === "events" ? undefined : view.list.value,
    order: view.order.value === "unusual" ? undefined : view.order.value,
    scale: view.scale.value === "unit" ? undefined : view.scale.value,
    candles: view.isCandles.value ? true : undefined,
    zone: view.zone.value === "local" ? undefined : view.zone.value,
  });
}

export function goTo(view: View, place: Place): void {
  const { spanUs, endUs, atUs, channels, group, incident, event, list, order, scale, candles, zone } = place;
  batch(() => {
    if (spanUs !== undefined) view.setSpan(spanUs);
    if (endUs !== undefined) view.frozenEndUs.value = endUs;
    if (atUs !== undefined) view.pinnedUs.value = atUs;
    if (channels !== undefined) view.chooseByLink(channels);
    if (group !== undefined) view.groupName.value = group;
    if (incident !== undefined) view.openIncident.value = incident;
    if (event !== undefined) view.openEvent.value = event;
    if (list !== undefined) view.list.value = list;
    if (order !== undefined) view.order.value = order;
    if (scale !== undefined) view.scale.value = scale;
    if (candles !== undefined) view.isCandles.value = true;
    if (zone !== undefined) view.zone.value = zone;
  });
}

/** Keeps the address as the view is, from the first thing on that a person does. Returns what ends it. */
export function keepAddress(view: View, write: (place: Place) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = effect(() => {
    const place = placeOf(view);
    const { order, scale, candles, zone } = place;
    const isAsAtFirst = [order, scale, candles, zone].every((each) => each === undefined);
    if (view.moves.value + view.choices.value === 0 && isAsAtFirst) return;
    clearTimeout(timer);
    timer = setTimeout(() => write(place), REST_MS);
  });
  return () => {
    clearTimeout(timer);
    end();
  };
}

/** Names may contain commas, which divide them here. */
function withoutCommas(name: string): string {
  return name.replaceAll("~", "~0").replaceAll(",", "~1");
}

function withCommas(name: string): string {
  return name.replaceAll("~1", ",").replaceAll("~0", "~");
}

function isoOf(us: number): string {
  return new Date(us / 1000).toISOString();
}

/** Without what is undefined. */
function present<Given extends object>(
  given: Given,
): { [Key in keyof Given]?: Exclude<Given[Key], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
}
