/**
 * The session's data in the page: channels with their samples, groups with their joint states, events, gauges.
 *
 * Samples and states lie in typed arrays that the component library never sees: `version` counts arrivals, and canvases compare it.
 * Components that show data as text depend on `pulse`, which the frame loop advances a few times a second.
 */
import { batch, computed, signal } from "@preact/signals";
import { float32Column, float64Column, uint16Column, uint32Column } from "../../../protocol/columns.ts";
import type { InjectionUnderWay } from "../../../protocol/controls.ts";
import type { Frame } from "../../../protocol/frame.ts";
import type {
  Channels,
  DecimatedMessage,
  EventMessage,
  MetricsMessage,
  StateMessage,
} from "../../../protocol/messages.ts";
import { visibleText } from "../../../protocol/visible-text.ts";
import { Columns } from "../../charts/columns.ts";
import { Series } from "../../charts/series.ts";
import { TickSize } from "../../charts/tick-size.ts";
import { Volumes } from "../../charts/volumes.ts";
import { eventOrder, partitionOfEvent } from "../../event-order.ts";
import type { Connection, PastAnswer, SessionInfo, SourceSink } from "../sources/source.ts";
import { isAnalysed } from "./analyses.ts";
import { type BriefName, briefNames } from "./brief-names.ts";
import { isBarPart } from "./candle-sets.ts";
import { isBand } from "./forecasts.ts";
import { combinedGauges, type Gauges } from "./gauges.ts";
import type { Range } from "./incident-words.ts";
import { incidentsOf } from "./incidents.ts";
import { type Injection, injectionsAfter, injectionsUpTo, injectionsWith } from "./injections.ts";
import { sharedRemark, withoutRemark } from "./remark.ts";
import { StateHistory } from "./state-history.ts";

/** Events in the list. Older ones remain in the recording. */
const MOST_EVENTS = 1000;

/** Moments whose states are remembered: those that a person goes back and forth between. */
const MOST_MOMENTS = 16;

/** Before every event, also before the 0 of those that are unknown. */
const NONE = -1;

/** A session that continues after a break is never further back than the data in flight. */
const IN_FLIGHT_US = 5_000_000;

const NO_NAME: BriefName = { begin: "", kept: "", rest: "" };

export interface Channel {
  key: string;
  group: string;
  name: string;
  title: string;
  /** The title where there is no place for all of it: told from those of all other channels. */
  brief: BriefName;
  unit: string;
  series: Series;
  /** Of a price. */
  tick: TickSize | null;
  /** What was traded; null where no sample has a size. */
  volumes: Volumes | null;
}

export interface Group {
  name: string;
  /** Of the session: commands about the group go there. */
  partition: string;
  source: string;
  everyUs: number;
  /** What the titles of all its channels end with, which they are shown without; null: nothing. */
  remark: string | null;
  sampling: Channels["sampling"];
  channels: Channel[];
  joint: JointState;
}

/** The latest joint state of a group and its past. The measures include `significant` as 0 or 1. */
export interface JointState {
  /** The last message. */
  last: StateMessage | null;
  re: Float32Array;
  im: Float32Array;
  history: StateHistory | null;
  measures: Map<string, Series>;
  /** States of moments that were looked up, the last one first. */
  moments: readonly LookedUp[];
}

interface LookedUp {
  /** The moment. */
  readonly askedUs: number;
  /** The last state at or before it; null: none is known. */
  readonly state: StateMessage | null;
}

/** How far one partition has come. */
interface Place {
  /** Latest time of any of its samples or states, µs. */
  headUs: number;
  /** Its last event. */
  eventSequence: number;
  gauges: Gauges;
}

export class Model implements SourceSink {
  readonly connected = signal<Connection>({ state: "connecting" });
  readonly sessionInfo = signal<SessionInfo | null>(null);
  /** What is watched. */
  readonly groups = signal<readonly Group[]>([]);
  /** Channels of the program's own health that have groups of their own: the monitor shows them. */
  readonly ownGroups = signal<readonly Group[]>([]);
  /** Newest first, those of several partitions in the order of `eventOrder`. */
  readonly events = signal<readonly EventMessage[]>([]);
  /** What of the events is one thing each. The newest begin first. */
  readonly incidents = computed(() => incidentsOf(this.events.value));
  /** In the order in which the session reported them. */
  readonly injections = signal<readonly Injection[]>([]);
  /** Of all partitions together. */
  readonly gauges = signal<Gauges>({});
  /** The range in which a channel usually is, by key: of those of which it is known. */
  readonly usual = signal<ReadonlyMap<string, Range>>(new Map());
  /** Counts moves of a recorded session. */
  readonly rewinds = signal(0);
  /** Counts stretches of the past that arrived. */
  readonly pasts = signal(0);
  /** Advances at most a few times a second while data arrive, for text that follows the data. */
  readonly pulse = signal(0);

  /** Counts everything that changes a picture. */
  version = 0;
  /** Counts changes of `events`: a late one may enter in the middle. */
  eventsVersion = 0;
  /** Counts changes of `usual`. */
  usualVersion = 0;
  samples = 0;
  /** Latest time of any sample or state, µs. */
  headUs = Number.NaN;
  /** When something last arrived, by the page's clock. */
  arrivedMs = Number.NaN;
  readonly channelsByKey = new Map<string, Channel>();
  #groupsByName = new Map<string, Group>();
  readonly #places = new Map<string, Place>();
  #pendingEvents: EventMessage[] = [];

  connection(connection: Connection): void {
    this.connected.value = connection;
  }

  session(session: SessionInfo): void {
    const before = this.sessionInfo.value;
    // Another session at the same address, such as after a restart without a recording.
    if (before !== null && before.session !== session.session) this.#forget();
    // A recorded session moved back while the connection was broken: its samples come again.
    else {
      const { headUs, eventSequence } = this.#placeOf(session.partition);
      if (session.timeUs > 0 && session.timeUs < headUs - IN_FLIGHT_US) {
        this.eventsRewound(eventSequence, session.partition);
        this.samplesRewound(session.partition);
      }
    }
    // The others follow the first one, at each connection.
    if (session.partition === session.partitions[0]) this.sessionInfo.value = session;
  }

  channels(declaration: Channels, partition: string): void {
    const before = this.#groupsByName.get(declaration.group);
    // A restarted server may give a group other channels. Then the old group's data do not belong to them.
    const same = before?.channels.every(({ name }, k) => name === declaration.channels[k]?.name) ?? false;
    const group: Group =
      same && before !== undefined
        ? before
        : {
            name: declaration.group,
            partition,
            source: declaration.source,
            everyUs: declaration.everyUs,
            remark: null,
            sampling: declaration.sampling,
            channels: [],
            joint: emptyJoint(),
          };
    group.partition = partition;
    const titles = declaration.channels.map(({ title, name }) => visibleText(title === "" ? name : title));
    group.remark = sharedRemark(titles);
    const names = declaration.channels.map(({ name }) => name);
    for (const [k, channel] of group.channels.entries())
      if (titles[k] !== undefined) channel.title = withoutRemark(titles[k], group.remark);
    for (let k = group.channels.length; k < declaration.channels.length; k++) {
      const declared = declaration.channels[k]!;
      const channel: Channel = {
        key: `${group.name}/${declared.name}`,
        group: group.name,
        name: declared.name,
        title: withoutRemark(titles[k]!, group.remark),
        brief: NO_NAME,
        unit: declared.unit,
        series: new Series(),
        tick:
          declaration.innovation === "logReturn" || isBarPart(declared.name, names) ? new TickSize() : null,
        volumes: null,
      };
      group.channels.push(channel);
      this.channelsByKey.set(channel.key, channel);
    }
    this.#groupsByName.set(group.name, group);
    this.#nameBriefly();
    this.#showGroups();
    this.version++;
  }

  frame(frame: Frame): void {
    const group = this.#groupsByName.get(frame.group);
    if (group === undefined) return;
    const { channels } = group;
    for (let k = 0; k < frame.count; k++) {
      const channel = channels[frame.channel[k]!];
      channel?.series.add(frame.time[k]!, frame.value[k]!);
      channel?.tick?.add(frame.value[k]!);
      if (frame.size !== null && channel !== undefined) addVolume(channel, frame.time[k]!, frame.size[k]!);
    }
    this.samples += frame.count;
    this.#arrived(frame.time[frame.count - 1]!, group.partition);
  }

  /** An interval becomes up to three samples: its extremes and its last value. The order of the extremes is unknown. */
  decimated(decimated: DecimatedMessage): void {
    const group = this.#groupsByName.get(decimated.group);
    if (group === undefined) return;
    const { channels } = group;
    const { fromUs, everyUs } = decimated;
    const interval = uint32Column(decimated.interval);
    const channel = uint16Column(decimated.channel);
    const min = float64Column(decimated.min);
    const max = float64Column(decimated.max);
    const last = float64Column(decimated.last);
    const volume = decimated.volume === undefined ? null : float64Column(decimated.volume);
    for (let r = 0; r < interval.length; r++) {
      const of = channels[channel[r]!];
      if (of === undefined) continue;
      const { series } = of;
      series.extremesUs = everyUs;
      of.tick?.add(last[r]!);
      if (volume !== null) addVolume(of, fromUs + interval[r]! * everyUs, volume[r]!);
      const startUs = fromUs + interval[r]! * everyUs;
      if (max[r]! > min[r]!) {
        series.add(startUs, min[r]!);
        series.add(startUs + everyUs / 3, max[r]!);
      }
      series.add(startUs + (2 * everyUs) / 3, last[r]!);
    }
    if (interval.length > 0)
      this.#arrived(fromUs + (interval[interval.length - 1]! + 1) * everyUs, group.partition);
  }

  past(answer: PastAnswer, partition: string, begins: boolean): void {
    const groups = this.groups.peek().filter((group) => group.partition === partition);
    if (begins) for (const group of groups) forgetPast(group);
    const { fromUs, toUs, stays = false } = answer;
    let headUs = Number.NaN;
    const add = (series: Series | undefined, columns: Columns): void => {
      series?.addPast({ fromUs, toUs, stays, columns });
      const lastUs = columns.newest * columns.widthUs;
      if (!(lastUs <= headUs)) headUs = lastUs;
    };
    for (const parts of alike(answer.decimated)) {
      const { group } = parts[0]!;
      const channels = this.#groupsByName.get(group)?.channels ?? [];
      for (const [k, columns] of columnsOf(parts, ({ channel }) => channel)) {
        add(channels[k]?.series, columns);
        learnTick(channels[k]?.tick, columns);
      }
      for (const [k, sums] of volumesOf(parts)) {
        const channel = channels[k];
        if (channel === undefined) continue;
        channel.volumes ??= new Volumes();
        channel.volumes.addPast({ fromUs, toUs, sums });
      }
    }
    for (const parts of alike(answer.measures)) {
      const { group } = parts[0]!;
      const joint = this.#groupsByName.get(group)?.joint;
      if (joint === undefined) continue;
      for (const [k, columns] of columnsOf(parts, ({ measure }) => measure)) {
        const name = parts[0]!.names[k]!;
        if (!hasPast(name)) continue;
        add(measureSeries(joint, name), columns);
        // A group of whole states has no samples: its channels are levels, which have populations.
        const level = /^population(\d)$/.exec(name)?.[1];
        if (level !== undefined) add(this.#groupsByName.get(group)?.channels[Number(level)]?.series, columns);
      }
    }
    for (const { name, joint } of groups) {
      const state = answer.states.find((each) => each.group === name) ?? null;
      joint.moments = [{ askedUs: toUs, state }, ...joint.moments].slice(0, MOST_MOMENTS);
      // A recorded session that moved publishes its state when its actors stand there.
      if (joint.last === null && state !== null && toUs === Number.POSITIVE_INFINITY)
        showLatest(joint, state);
    }
    const isFirst = Number.isNaN(this.#placeOf(partition).headUs);
    if ((begins || isFirst) && !Number.isNaN(headUs)) this.#arrived(headUs, partition);
    this.version++;
    this.pasts.value++;
  }

  state(state: StateMessage): void {
    const group = this.#groupsByName.get(state.group);
    if (group === undefined) return;
    const { joint } = group;
    showLatest(joint, state).add(state.timeUs, joint.re, joint.im, state.spectrum);
    const { measures, significant } = state;
    for (const [name, value] of Object.entries({ ...measures, significant: significant ? 1 : 0 })) {
      if (hasPast(name)) measureSeries(joint, name).add(state.timeUs, value);
    }
    if (state.source === "direct") {
      state.populations.forEach((population, k) => {
        group.channels[k]?.series.add(state.timeUs, population);
      });
    }
    this.#arrived(state.timeUs, group.partition);
  }

  event(event: EventMessage): void {
    // After a reconnection the first events may be duplicates.
    const place = this.#placeOf(partitionOfEvent(event));
    if (event.sequence <= place.eventSequence) return;
    place.eventSequence = event.sequence;
    this.#pendingEvents.push({ ...event, title: visibleText(event.title) });
    this.version++;
  }

  metrics(metrics: MetricsMessage, partition: string): void {
    const place = this.#placeOf(partition);
    place.gauges = { ...place.gauges, ...metrics.gauges };
    this.gauges.value = combinedGauges([...this.#places.values()].map(({ gauges }) => gauges));
  }

  restarted(partition: string): void {
    this.#placeOf(partition).eventSequence = 0;
    this.#keepEvents(NONE, partition);
  }

  /** Drops the partition's events after `event`. */
  eventsRewound(event: number, partition: string): void {
    const place = this.#placeOf(partition);
    place.eventSequence = Math.min(place.eventSequence, event);
    this.#keepEvents(event, partition);
  }

  /** Drops the samples and states of the partition's groups. */
  samplesRewound(partition: string): void {
    for (const group of this.#groupsByName.values()) {
      if (group.partition !== partition) continue;
      for (const channel of group.channels) forgetSamples(channel);
      group.joint = emptyJoint();
    }
    const place = this.#placeOf(partition);
    place.headUs = Number.NaN;
    const heads = [...this.#places.values()].map(({ headUs }) => headUs).filter((us) => !Number.isNaN(us));
    this.headUs = heads.length === 0 ? Number.NaN : Math.max(...heads);
    this.version++;
    this.rewinds.value++;
  }

  /** Injections that were active when the page opened. The events of their begin may be older than the events it has. */
  injectionsUnderWay(underWay: readonly InjectionUnderWay[]): void {
    this.injections.value = injectionsWith(
      this.injections.value,
      underWay,
      (group) => this.group(group)?.partition ?? "",
    );
  }

  /** Called by the frame loop: passes new events to the components. */
  flush(): void {
    batch(() => {
      if (this.#pendingEvents.length > 0) {
        this.injections.value = this.#pendingEvents.reduce(injectionsAfter, this.injections.value);
        const events = [...this.#pendingEvents.reverse(), ...this.events.value];
        // Those of one partition come in order.
        if (this.#places.size > 1) events.sort((a, b) => eventOrder(b, a));
        this.events.value = events.slice(0, MOST_EVENTS);
        this.eventsVersion++;
        this.#pendingEvents = [];
      }
      this.pulse.value++;
    });
  }

  group(name: string): Group | undefined {
    return this.#groupsByName.get(name);
  }

  /** Time of the oldest value known of what is watched; ∞ of none. */
  get firstUs(): number {
    const channels = this.groups.peek().flatMap((group) => group.channels);
    return channels.reduce((least, { series }) => Math.min(least, series.firstUs), Number.POSITIVE_INFINITY);
  }

  #nameBriefly(): void {
    const channels = [...this.channelsByKey.values()];
    const briefs = briefNames(channels.map(({ title }) => title));
    for (const channel of channels) channel.brief = briefs.get(channel.title)!;
  }

  #showGroups(): void {
    const groups = [...this.#groupsByName.values()];
    const isOfOwnHealth = ({ channels }: Group) => channels.length > 0 && channels.every(isOwn);
    this.groups.value = groups.filter((group) => !isOfOwnHealth(group));
    this.ownGroups.value = groups.filter(isOfOwnHealth);
  }

  #placeOf(partition: string): Place {
    const known = this.#places.get(partition);
    if (known !== undefined) return known;
    const place = { headUs: Number.NaN, eventSequence: 0, gauges: {} };
    this.#places.set(partition, place);
    return place;
  }

  /** Without the events of a partition after `sequence`. */
  #keepEvents(sequence: number, partition: string): void {
    const isKept = (event: EventMessage): boolean =>
      event.sequence <= sequence || partitionOfEvent(event) !== partition;
    this.#pendingEvents = this.#pendingEvents.filter(isKept);
    this.version++;
    this.eventsVersion++;
    batch(() => {
      this.events.value = this.events.value.filter(isKept);
      this.injections.value = injectionsUpTo(this.injections.value, sequence, partition);
    });
  }

  #arrived(timeUs: number, partition: string): void {
    const place = this.#placeOf(partition);
    if (!(timeUs <= place.headUs)) place.headUs = timeUs;
    if (!(timeUs <= this.headUs)) this.headUs = timeUs;
    this.arrivedMs = performance.now();
    this.version++;
  }

  #forget(): void {
    this.#groupsByName = new Map();
    this.channelsByKey.clear();
    this.#places.clear();
    this.#pendingEvents = [];
    this.eventsVersion++;
    this.headUs = Number.NaN;
    batch(() => {
      this.#showGroups();
      this.events.value = [];
      this.injections.value = [];
      this.gauges.value = {};
    });
  }
}

/** A joint state at one moment. */
export interface Moment {
  timeUs: number;
  n: number;
  re: Float32Array;
  im: Float32Array;
  spectrum: ArrayLike<number>;
  /** Not the latest. */
  past: boolean;
  /** Where they came with the state; else those of the time are in the series. */
  measures?: Readonly<Record<string, number>>;
}

/** Channels of this program's own health begin with it. */
const OWN_HEALTH = "own.";

/** Whether a channel measures this program instead of what it watches. */
export function isOwn({ name }: Pick<Channel, "name">): boolean {
  return name.startsWith(OWN_HEALTH);
}

/** The state at a time (null: the latest). Null where it is not known, and before the first. */
export function momentOf(joint: JointState, atUs: number | null): Moment | null {
  const { last, history, re, im } = joint;
  if (last === null || history === null) return null;
  if (atUs === null) return { timeUs: last.timeUs, n: last.n, re, im, spectrum: last.spectrum, past: false };
  const k = history.indexBefore(atUs);
  if (k < 0) return lookedUp(joint, atUs);
  return {
    timeUs: history.timeAt(k),
    n: history.n,
    ...history.matrixAt(k),
    spectrum: history.spectrumAt(k),
    past: k < history.written - 1,
  };
}

function lookedUp({ moments }: JointState, atUs: number): Moment | null {
  for (const { askedUs, state } of moments) {
    if (state === null || state.timeUs > atUs || atUs > askedUs) continue;
    const { timeUs, n, spectrum, measures, significant } = state;
    const [re, im] = [float32Column(state.re), float32Column(state.im)];
    return {
      timeUs,
      n,
      re,
      im,
      spectrum,
      past: true,
      measures: { ...measures, significant: significant ? 1 : 0 },
    };
  }
  return null;
}

/** A measure at that moment; undefined when it is unknown. */
export function measureAt(joint: JointState, moment: Moment, name: string): number | undefined {
  const value = moment.measures?.[name] ?? joint.measures.get(name)?.valueBefore(moment.timeUs);
  return value === undefined || Number.isNaN(value) ? undefined : value;
}

function emptyJoint(): JointState {
  return {
    last: null,
    re: new Float32Array(0),
    im: new Float32Array(0),
    history: null,
    measures: new Map(),
    moments: [],
  };
}

function forgetSamples(channel: Channel): void {
  channel.series = new Series();
  channel.volumes = null;
}

/** Samples and measures begin anew. The joint state stays: it is of now. */
function forgetPast({ channels, joint }: Group): void {
  for (const channel of channels) forgetSamples(channel);
  joint.measures = new Map();
  joint.moments = [];
}

/** Returns the history that a state which was published goes into. */
function showLatest(joint: JointState, state: StateMessage): StateHistory {
  joint.last = state;
  joint.re = float32Column(state.re);
  joint.im = float32Column(state.im);
  if (joint.history?.n !== state.n) joint.history = new StateHistory(state.n);
  return joint.history;
}

function addVolume(channel: Channel, timeUs: number, size: number): void {
  if (size === 0) return;
  channel.volumes ??= new Volumes();
  channel.volumes.add(timeUs, size);
}

/** Begin and volume of the intervals of each channel, by its index: of those that have one. */
function volumesOf(parts: readonly DecimatedMessage[]): Map<number, [number, number][]> {
  const byChannel = new Map<number, [number, number][]>();
  for (const { fromUs, everyUs, volume, ...part } of parts) {
    if (volume === undefined) continue;
    const [interval, channel, sums] = [
      uint32Column(part.interval),
      uint16Column(part.channel),
      float64Column(volume),
    ];
    for (let r = 0; r < interval.length; r++) {
      if (sums[r] === 0) continue;
      const of = byChannel.get(channel[r]!) ?? [];
      of.push([fromUs + interval[r]! * everyUs, sums[r]!]);
      byChannel.set(channel[r]!, of);
    }
  }
  return byChannel;
}

/** From the last values of intervals: those are values of samples. */
function learnTick(tick: TickSize | null | undefined, columns: Columns): void {
  if (tick == null) return;
  for (let a = columns.oldest; a <= columns.newest; a++) {
    const value = columns.last(a);
    if (!Number.isNaN(value)) tick.add(value);
  }
}

/** Whether charts draw its past: of analyses only the bands. */
function hasPast(measure: string): boolean {
  return isBand(measure) || !isAnalysed(measure);
}

function measureSeries({ measures }: JointState, name: string): Series {
  let series = measures.get(name);
  if (series === undefined) {
    series = new Series();
    measures.set(name, series);
  }
  return series;
}

type Intervals = Pick<DecimatedMessage, "fromUs" | "everyUs" | "interval" | "min" | "max" | "last">;

/**
 * Messages of a group whose intervals are of one length: a long answer comes in several of them. Those of channels that no chart shows are longer, and
 * apart.
 */
function alike<Part extends { readonly group: string; readonly everyUs: number }>(
  parts: readonly Part[],
): Iterable<Part[]> {
  const known = new Map<string, Part[]>();
  for (const part of parts) {
    const key = `${part.everyUs} ${part.group}`;
    const others = known.get(key);
    if (others === undefined) known.set(key, [part]);
    else others.push(part);
  }
  return known.values();
}

/** The intervals of each channel, by its index, of parts that are alike, in the order of time. */
function columnsOf<Part extends Intervals>(
  parts: readonly Part[],
  channelsOf: (part: Part) => Uint8Array,
): Map<number, Columns> {
  const { everyUs } = parts[0]!;
  const lasts = parts.map(({ interval }) => uint32Column(interval).at(-1) ?? 0);
  const capacity =
    1 + Math.max(...parts.map(({ fromUs }, p) => (fromUs - parts[0]!.fromUs) / everyUs + lasts[p]!));
  const byChannel = new Map<number, Columns>();
  for (const part of parts) {
    const interval = uint32Column(part.interval);
    const channel = uint16Column(channelsOf(part));
    const [min, max, last] = [float64Column(part.min), float64Column(part.max), float64Column(part.last)];
    for (let r = 0; r < interval.length; r++) {
      let columns = byChannel.get(channel[r]!);
      if (columns === undefined) {
        columns = new Columns(everyUs, capacity, capacity);
        byChannel.set(channel[r]!, columns);
      }
      columns.addRange(part.fromUs + interval[r]! * everyUs, min[r]!, max[r]!, last[r]!);
    }
  }
  return byChannel;
}
