/**
 * The chosen channels over time: panes with a value axis each, the last value as a tag at the right.
 *
 *   unit      a pane for each unit          log       the same, where all values are above 0 equal ratios are equally far apart
 *   own       a pane for each channel       percent   one pane: the change since the first value in view
 */
import { signal } from "@preact/signals";
import { type Candle, type CandleSource, candlesOf, candleWords } from "../../../charts/candles.ts";
import { clock, quantityParts, tickLabel } from "../../../charts/format.ts";
import { LineCache } from "../../../charts/line-cache.ts";
import { extremes, firstValue, gaps, traceBand, traceLine } from "../../../charts/line-path.ts";
import {
  followLogRange,
  followRange,
  type Range,
  rounded,
  tickStep,
  ticks,
  valueAt,
  yOf,
} from "../../../charts/scale.ts";
import { fitText, font } from "../../../charts/text.ts";
import { endOf, startOf, type TimeView, timeOf, xOf } from "../../../charts/time-axis.ts";
import type { TimePicture } from "../../../charts/time-chart.ts";
import {
  drawCursorDot,
  drawCursorLine,
  drawTimeGrid,
  drawValueTag,
  TAG_HEIGHT,
  type TimeFrame,
} from "../../../charts/time-frame.ts";
import { drawNoteBands, drawNoteMarks, openThread, threadAt } from "../../components/note-marks.ts";
import type { PanelProps } from "../../components/panel-props.ts";
import { drawEventLines, drawInjections, eventsInPlot } from "../../components/session-marks.ts";
import { candleSource } from "../../model/candle-sets.ts";
import { affectedBy } from "../../model/channel-order.ts";
import { percentText, valueParts, valueText } from "../../model/channel-values.ts";
import { endedUs } from "../../model/ended.ts";
import { bandNames } from "../../model/forecasts.ts";
import type { Channel, Model } from "../../model/model.ts";
import type { Notes } from "../../model/notes.ts";
import type { View } from "../../model/view.ts";
import { theme } from "../../theme/theme.ts";

interface Pane {
  /** Of one price, drawn in place of its line. */
  candles: Candles | null;
  unit: string;
  channels: Channel[];
  top: number;
  height: number;
  /** Of what is shown: values, or percent. */
  range: Range;
  isPercent: boolean;
}

interface Candles {
  readonly lengthUs: number;
  readonly candles: readonly Candle[];
}

/** A pane as levels see it; channels as group/name. */
export interface PlacedPane extends Range {
  readonly unit: string;
  readonly channels: readonly string[];
  readonly top: number;
  readonly height: number;
  readonly width: number;
}

interface Tag {
  channel: Channel;
  value: number;
  y: number;
}

const PANE_GAP = 10;
const PAD_TOP = 10;
/** Value labels stand at least this far apart. */
const TICKS_APART = 34;
/** Width of names in the box at the cursor: with value and margins, the box fits the narrowest chart. */
const TIP_TITLE_WIDTH = 220;
const TIP_ROW_HEIGHT = 19;
/** An axis of percent shows at least this much up and down: smaller moves would look large. */
const LEAST_PERCENT = 0.1;
/** Of the height of a pane, for what was traded. */
const VOLUME_SHARE = 0.2;
/** Ends of bands stand in the caches after the key of their channel. */
const BAND_END = /\n(low|high)$/;
const FORECAST_ALPHA = 0.16;
/** Of the words at the end of a line. */
const ENDED_WIDTH = 76;

export class SignalsPicture implements TimePicture {
  /** Where the panes lie and what they show: levels are laid over them. */
  readonly panes = signal<readonly PlacedPane[]>([]);
  readonly #model: Model;
  readonly #view: View;
  readonly #notes: Notes;
  readonly #caches = new Map<string, LineCache>();
  readonly #ranges = new Map<string, Range>();
  /** Channels of incidents that go on. */
  #affected: ReadonlySet<string> = new Set();
  /** When the feeds of groups ended: of those that did. */
  #ends: ReadonlyMap<string, number> = new Map();
  #panes: Pane[] = [];
  #frame: TimeFrame | null = null;

  constructor({ model, view, notes }: Pick<PanelProps, "model" | "view" | "notes">) {
    this.#model = model;
    this.#view = view;
    this.#notes = notes;
  }

  state(): string {
    return `${this.#model.eventsVersion} ${this.#notes.version} ${this.#model.usualVersion}`;
  }

  press(x: number, y: number): void {
    const thread = this.#frame === null ? null : threadAt(this.#frame, this.#notes, x, y);
    if (thread !== null) openThread(thread, this.#notes, this.#view);
  }

  /** A new level at this height, of the line that is nearest there. */
  menu(x: number, y: number): boolean {
    const pane = this.#panes.find(({ top, height }) => y >= top && y <= top + height);
    if (pane === undefined || this.#frame === null || x > this.#frame.plotWidth) return false;
    // A level is a value, which has no place on an axis of several starts.
    if (pane.isPercent) return false;
    const timeUs = timeOf(x, this.#frame.time);
    const away = (channel: Channel) =>
      Math.abs(yOf(this.#valueAt(channel, timeUs), pane.range, pane.top, pane.height) - y);
    const [nearest] = [...pane.channels].sort((a, b) => (away(a) || 0) - (away(b) || 0));
    if (nearest === undefined) return false;
    const level = rounded(valueAt(y, pane.range, pane.top, pane.height), pane.range);
    this.#view.openThresholds({ channel: nearest.key, level });
    return true;
  }

  drawBase(frame: TimeFrame): void {
    this.#frame = frame;
    this.#affected = new Set(affectedBy(this.#model.incidents.peek()).keys());
    this.#ends = endsOf(this.#model);
    this.#layout(frame);
    this.#place(frame);
    drawTimeGrid(frame);
    for (const pane of this.#panes)
      drawNoteBands(
        frame,
        this.#notes,
        pane,
        ({ note: { channel } }) => channel === null || pane.channels.some(({ key }) => key === channel),
      );
    drawEventLines(frame, eventsInPlot(frame, this.#model, this.#view));
    const injections = this.#model.injections.peek();
    for (const pane of this.#panes)
      drawInjections(frame, injections, pane, (injection) =>
        pane.channels.some(({ group, name }) => group === injection.group && injection.channels.has(name)),
      );
    for (const pane of this.#panes) this.#drawPane(frame, pane);
    drawNoteMarks(frame, this.#notes);
  }

  #place({ plotWidth }: TimeFrame): void {
    const placed = this.#panes
      .filter(({ isPercent }) => !isPercent)
      .map(({ unit, channels, top, height, range: { low, high, isLog = false } }) => ({
        unit,
        channels: channels.map(({ key }) => key),
        top,
        height,
        low,
        high,
        isLog,
        width: plotWidth,
      }));
    if (JSON.stringify(placed) !== JSON.stringify(this.panes.peek())) this.panes.value = placed;
  }

  drawCursor(frame: TimeFrame, timeUs: number, x: number): void {
    drawCursorLine(frame, timeUs, x);
    const rows: TipRow[] = [];
    for (const pane of this.#panes) {
      for (const channel of pane.channels) {
        const value = this.#valueAt(channel, timeUs);
        const colour = this.#colourOf(channel);
        const candle = candleAt(pane, timeUs);
        if (candle !== null) {
          rows.push({ colour, channel, value: candleWordsOf(candle, channel) });
          drawCursorDot(frame, colour, x, yOf(candle.close, pane.range, pane.top, pane.height));
          continue;
        }
        const shown = this.#shown(pane, channel, value);
        const change = pane.isPercent ? ` (${percentText(shown)})` : "";
        rows.push({ colour, channel, value: `${valueText(channel, value)}${change}` });
        const y = yOf(shown, pane.range, pane.top, pane.height);
        if (Number.isFinite(y)) drawCursorDot(frame, colour, x, y);
      }
    }
    if (rows.length > 0) drawTip(frame, x, rows);
  }

  describe(timeUs: number): string {
    const values = this.#panes.flatMap((pane) =>
      pane.channels.map((channel) => {
        const candle = candleAt(pane, timeUs);
        if (candle !== null) return `${channel.title} ${candleWordsOf(candle, channel)}`;
        return `${channel.title} ${valueText(channel, this.#valueAt(channel, timeUs))}`;
      }),
    );
    return `${clock(timeUs)}: ${values.join(", ")}`;
  }

  #colourOf(channel: Channel): string {
    const { lines, text } = theme.peek();
    return lines[this.#view.colours.peek().get(channel.key) ?? -1] ?? text;
  }

  #layout({ plotHeight, time }: TimeFrame): void {
    const { channels } = this.#view;
    const keys = new Set(channels.map((channel) => channel.key));
    for (const key of this.#caches.keys()) if (!keys.has(key.replace(BAND_END, ""))) this.#caches.delete(key);
    const scale = this.#view.scale.peek();
    const together = new Map<string, Channel[]>();
    const sources = new Map<string, CandleSource>();
    for (const channel of channels) {
      const source = this.#candleSource(channel);
      // The parts of a bar are one candle.
      if (source !== null && [...sources.values()].some(({ close }) => close === source.close)) continue;
      const key =
        source !== null
          ? `candles ${channel.key}`
          : scale === "percent"
            ? "percent"
            : scale === "own"
              ? channel.key
              : channel.unit;
      if (source !== null) sources.set(key, source);
      together.set(key, [...(together.get(key) ?? []), channel]);
    }
    const free = plotHeight - PAD_TOP - PANE_GAP * Math.max(0, together.size - 1);
    // A pane with several lines gets more room than one with a single line.
    const weight = (lines: number) => 1 + 0.35 * Math.min(3, lines - 1);
    const total = [...together.values()].reduce((sum, lines) => sum + weight(lines.length), 0);
    let top = PAD_TOP;
    this.#panes = [...together].map(([key, lines]) => {
      const height = (free * weight(lines.length)) / total;
      const source = sources.get(key);
      const candles = source === undefined ? null : this.#candles(source, time);
      const isPercent = scale === "percent" && candles === null;
      const range =
        candles === null
          ? this.#range(`${scale} ${key}`, lines, time)
          : this.#candleRange(`${scale} ${key}`, candles);
      const unit = isPercent ? "%" : lines[0]!.unit;
      const pane = { candles, unit, channels: lines, top, height, range, isPercent };
      top += height + PANE_GAP;
      return pane;
    });
  }

  #range(key: string, channels: Channel[], time: TimeView): Range {
    const scale = this.#view.scale.peek();
    const seen = { low: Number.NaN, high: Number.NaN };
    for (const channel of channels) {
      const own = { low: Number.NaN, high: Number.NaN };
      extremes(this.#cache(channel, time).columns, time, own);
      const start = scale === "percent" ? this.#start(channel, time) : Number.NaN;
      const low = scale === "percent" ? changeOf(own.low, start) : own.low;
      const high = scale === "percent" ? changeOf(own.high, start) : own.high;
      if (!(seen.low <= low)) seen.low = Number.isNaN(low) ? seen.low : low;
      if (!(seen.high >= high)) seen.high = Number.isNaN(high) ? seen.high : high;
    }
    const before = this.#ranges.get(key) ?? null;
    const isLog = scale === "log" && seen.low > 0;
    const same = before !== null && (before.isLog ?? false) === isLog ? before : null;
    const range = isLog
      ? followLogRange(same, seen.low, seen.high)
      : scale === "percent"
        ? followRange(same, Math.min(seen.low, -LEAST_PERCENT), Math.max(seen.high, LEAST_PERCENT))
        : followRange(same, seen.low, seen.high);
    this.#ranges.set(key, range);
    return range;
  }

  /** Null: its line is drawn. */
  #candleSource(channel: Channel): CandleSource | null {
    if (!this.#view.isCandles.peek()) return null;
    return candleSource(channel, this.#model.group(channel.group)?.channels ?? []);
  }

  #candles(source: CandleSource, time: TimeView): Candles {
    return candlesOf(source, { fromUs: startOf(time), toUs: endOf(time), columnUs: time.columnUs });
  }

  #candleRange(key: string, { candles }: Candles): Range {
    const low = Math.min(...candles.map((candle) => candle.low));
    const high = Math.max(...candles.map((candle) => candle.high));
    const before = this.#ranges.get(key) ?? null;
    const isLog = this.#view.scale.peek() === "log" && low > 0;
    const same = before !== null && (before.isLog ?? false) === isLog ? before : null;
    const range = isLog ? followLogRange(same, low, high) : followRange(same, low, high);
    this.#ranges.set(key, range);
    return range;
  }

  /** The value from which percent count: the first one in view. NaN where it is not above 0. */
  #start(channel: Channel, time: TimeView): number {
    const value = firstValue(this.#cache(channel, time).columns, time);
    return value > 0 ? value : Number.NaN;
  }

  /** What is drawn of a value. */
  #shown({ isPercent }: Pane, channel: Channel, value: number): number {
    if (!isPercent || this.#frame === null) return value;
    return changeOf(value, this.#start(channel, this.#frame.time));
  }

  #cache({ key, series }: Pick<Channel, "key" | "series">, time: TimeView): LineCache {
    let cache = this.#caches.get(key);
    if (cache === undefined) {
      cache = new LineCache();
      this.#caches.set(key, cache);
    }
    cache.update(series, time);
    return cache;
  }

  #drawPane(frame: TimeFrame, pane: Pane): void {
    const { context, colours, time, plotWidth } = frame;
    const tags = this.#placeTags(pane);
    const most = Math.max(2, Math.floor(pane.height / TICKS_APART));
    const step = tickStep(pane.range.high - pane.range.low, most);
    context.font = font(11);
    context.textAlign = "left";
    context.textBaseline = "middle";
    for (const tick of ticks(pane.range, most)) {
      const y = Math.round(yOf(tick, pane.range, pane.top, pane.height));
      context.fillStyle = colours.grid;
      context.fillRect(0, y, plotWidth, 1);
      context.fillStyle = colours.muted;
      const covered = tags.some((tag) => Math.abs(tag.y - y) < TAG_HEIGHT - 2);
      const label = pane.range.isLog
        ? quantityParts(tick, pane.unit).join("")
        : `${tickLabel(tick, step, pane.unit)}${pane.isPercent ? "%" : ""}`;
      if (!covered) context.fillText(label, plotWidth + 8, y);
    }
    context.save();
    context.beginPath();
    context.rect(0, pane.top - 4, plotWidth, pane.height + 8);
    context.clip();
    this.#drawGaps(frame, pane);
    this.#drawUsual(frame, pane);
    const { isLog } = pane.range;
    const [low, high] = isLog
      ? [Math.log10(pane.range.low), Math.log10(pane.range.high)]
      : [pane.range.low, pane.range.high];
    const scale = -pane.height / (high - low);
    const offset = pane.top + pane.height - scale * low;
    context.lineJoin = "round";
    this.#drawForecast(frame, pane, offset, scale);
    if (pane.candles !== null) {
      const isFirst = this.#panes.find(({ candles }) => candles !== null) === pane;
      drawCandles(frame, pane.candles, pane, { colour: this.#colourOf(pane.channels[0]!), isFirst });
    }
    for (const channel of pane.candles === null ? pane.channels : []) {
      const cache = this.#cache(channel, time);
      context.strokeStyle = this.#colourOf(channel);
      // Where every column goes up and down, thin strokes keep the lines apart.
      const isDense = 2 * channel.series.spacingUs < time.columnUs;
      context.lineWidth = isDense ? 1 : 1.5;
      context.globalAlpha = isDense ? 0.9 : 1;
      context.beginPath();
      const joinColumns = cache.joinColumns(channel.series);
      const start = pane.isPercent ? this.#start(channel, time) : Number.NaN;
      const shown = isLog
        ? Math.log10
        : pane.isPercent
          ? (value: number) => changeOf(value, start)
          : undefined;
      traceLine(context, cache.columns, { view: time, leftPx: 0, offset, scale, joinColumns, shown });
      context.stroke();
    }
    context.globalAlpha = 1;
    this.#drawEnds(frame, pane);
    context.restore();
    for (const { channel, value, y } of tags)
      drawValueTag(frame, this.#colourOf(channel), tagText(channel, value, pane), y);
  }

  /** Where the feed of a line ended. */
  #drawEnds({ context, colours, time, plotWidth }: TimeFrame, pane: Pane): void {
    for (const channel of pane.channels) {
      const endUs = this.#ends.get(channel.group);
      if (endUs === undefined) continue;
      const x = Math.round(xOf(channel.series.lastTimeUs, time)) + 1;
      if (!(x >= 0 && x <= plotWidth)) continue;
      context.fillStyle = colours.muted;
      context.fillRect(x, pane.top, 1, pane.height);
      context.font = font(10.5);
      context.textBaseline = "top";
      const isLeft = x + ENDED_WIDTH > plotWidth;
      context.textAlign = isLeft ? "right" : "left";
      context.fillText(`ended ${clock(endUs, 60e6)}`, x + (isLeft ? -5 : 5), pane.top + 2);
      return;
    }
  }

  /** Where the line usually is: of the only channel of a pane, and of those that something happens to. */
  #drawUsual(
    { context, plotWidth }: TimeFrame,
    { channels, range, top, height, isPercent, candles }: Pane,
  ): void {
    const { usual } = theme.peek();
    const ranges = this.#model.usual.peek();
    context.fillStyle = usual;
    for (const { key } of this.#explained(channels)) {
      const own = ranges.get(key);
      if (own === undefined || isPercent || candles !== null || (range.isLog && !(own.low > 0))) continue;
      const from = Math.max(top, yOf(own.high, range, top, height));
      const to = Math.min(top + height, yOf(own.low, range, top, height));
      if (to > from) context.fillRect(0, from, plotWidth, to - from);
    }
  }

  /** The line of a pane that is drawn with what was expected of it, if there is one. */
  #explained(channels: readonly Channel[]): readonly Channel[] {
    const affected = channels.length === 1 ? channels : channels.filter(({ key }) => this.#affected.has(key));
    return affected.slice(0, 1);
  }

  /** The band in which that line was foretold to be, where it was foretold: a step after it was said. y = offset + scale · value. */
  #drawForecast(
    { context, time }: TimeFrame,
    { channels, range, isPercent, candles }: Pane,
    offset: number,
    scale: number,
  ): void {
    if (isPercent || candles !== null) return;
    for (const channel of this.#explained(channels)) {
      const group = this.#model.group(channel.group);
      if (group === undefined) continue;
      const { measures, last } = group.joint;
      const [low, high] = bandNames(measures, channel.name, group.channels.indexOf(channel)) ?? [];
      const [lower, upper] = [measures.get(low ?? ""), measures.get(high ?? "")];
      if (lower === undefined || upper === undefined) continue;
      const below = this.#cache({ key: `${channel.key}\nlow`, series: lower }, time);
      const above = this.#cache({ key: `${channel.key}\nhigh`, series: upper }, time);
      const stepUs = 1e6 * (last?.measures["prediction.stepSeconds"] ?? 0);
      const shown = range.isLog ? Math.log10 : undefined;
      const joinColumns = below.joinColumns(lower);
      context.fillStyle = this.#colourOf(channel);
      context.globalAlpha = FORECAST_ALPHA;
      context.beginPath();
      const leftPx = stepUs / time.columnUs;
      traceBand(context, below.columns, above.columns, {
        view: time,
        leftPx,
        offset,
        scale,
        shown,
        joinColumns,
      });
      context.fill();
      context.globalAlpha = 1;
    }
  }

  #drawGaps({ context, colours, time }: TimeFrame, pane: Pane): void {
    const { gap } = theme.peek();
    const shift = time.columns - 1 - time.endColumn;
    const seen = new Set<string>();
    context.fillStyle = gap;
    for (const channel of pane.channels) {
      const cache = this.#cache(channel, time);
      for (const [from, to] of gaps(cache.columns, time, cache.joinColumns(channel.series))) {
        const left = Math.max(0, from + shift);
        const width = to + shift + 1 - left;
        const id = `${from >> 2} ${to >> 2}`;
        if (width < 3 || seen.has(id)) continue;
        seen.add(id);
        context.fillRect(left, pane.top, width, pane.height);
        if (width > 56) {
          context.font = font(10.5);
          context.textAlign = "center";
          context.fillStyle = colours.muted;
          context.fillText("no samples", left + width / 2, pane.top + pane.height - 9);
          context.fillStyle = gap;
        }
      }
    }
  }

  /** The last values at the axis, moved apart where they would cover each other. */
  #placeTags(pane: Pane): Tag[] {
    const tags = pane.channels
      .map((channel) => {
        const following = this.#view.following.peek();
        const value = following ? channel.series.lastValue : channel.series.valueBefore(this.#view.endUs);
        const shown = this.#shown(pane, channel, value);
        return { channel, value: shown, y: yOf(shown, pane.range, pane.top, pane.height) };
      })
      .filter((tag) => Number.isFinite(tag.y))
      .sort((a, b) => a.y - b.y);
    const half = TAG_HEIGHT / 2;
    for (let k = 0; k < tags.length; k++) {
      const least = k === 0 ? pane.top + half : tags[k - 1]!.y + TAG_HEIGHT + 1;
      tags[k]!.y = Math.max(tags[k]!.y, least);
    }
    for (let k = tags.length - 1; k >= 0; k--) {
      const most = k === tags.length - 1 ? pane.top + pane.height - half : tags[k + 1]!.y - TAG_HEIGHT - 1;
      tags[k]!.y = Math.min(tags[k]!.y, most);
    }
    return tags;
  }

  /** The value that the line shows at a time; NaN within a gap. */
  #valueAt(channel: Channel, timeUs: number): number {
    const series = channel.series;
    const cache = this.#caches.get(channel.key);
    if (cache === undefined) return Number.NaN;
    const column = cache.columns.columnOf(timeUs);
    const join = cache.joinColumns(series);
    for (let a = column; a > column - join; a--) {
      const value = cache.columns.last(a);
      if (!Number.isNaN(value)) return value;
    }
    return Number.NaN;
  }
}

/** Hollow: up. Filled: down. Below them what was traded. The first pane says how long they are. */
function drawCandles(
  { context, colours, time, plotWidth }: TimeFrame,
  { lengthUs, candles }: Candles,
  { range, top, height }: Pane,
  { colour, isFirst }: { colour: string; isFirst: boolean },
): void {
  const width = Math.max(1, Math.min(15, Math.floor(lengthUs / time.columnUs) - 2));
  const most = Math.max(0, ...candles.map(({ volume }) => volume || 0));
  context.lineWidth = 1;
  for (const { startUs, open, high, low, close, volume } of candles) {
    const middle = Math.round(xOf(startUs + lengthUs / 2, time)) + 0.5;
    const left = middle - width / 2;
    if (most > 0 && volume > 0) {
      const tall = (volume / most) * height * VOLUME_SHARE;
      context.fillStyle = colours.muted;
      context.globalAlpha = 0.35;
      context.fillRect(left, top + height - tall, width, tall);
      context.globalAlpha = 1;
    }
    const y = (value: number) => yOf(value, range, top, height);
    const upper = Math.round(Math.min(y(open), y(close))) + 0.5;
    const body = Math.max(1, Math.round(Math.abs(y(open) - y(close))));
    context.strokeStyle = colour;
    context.beginPath();
    context.moveTo(middle, y(high));
    context.lineTo(middle, upper);
    context.moveTo(middle, upper + body);
    context.lineTo(middle, y(low));
    context.stroke();
    if (close >= open) context.strokeRect(left, upper, width, body);
    else {
      context.fillStyle = colour;
      context.fillRect(left - 0.5, upper - 0.5, width + 1, body + 1);
    }
  }
  if (!isFirst) return;
  context.font = font(10.5);
  context.fillStyle = colours.muted;
  context.textAlign = "right";
  context.textBaseline = "top";
  const words = `${candleWords(lengthUs)} candles${most > 0 ? ", volume below" : ""}`;
  context.fillText(words, plotWidth - 6, top);
}

function candleAt({ candles }: Pane, timeUs: number): Candle | null {
  if (candles === null) return null;
  return (
    candles.candles.find(({ startUs }) => timeUs >= startUs && timeUs < startUs + candles.lengthUs) ?? null
  );
}

/** "O 101.2 H 101.9 L 100.8 C 101.5 V 1,200". */
function candleWordsOf({ open, high, low, close, volume }: Candle, channel: Channel): string {
  const price = (value: number) => valueParts(channel, value)[0];
  const traded = volume > 0 ? ` V ${quantityParts(volume, "")[0]}` : "";
  return `O ${price(open)} H ${price(high)} L ${price(low)} C ${price(close)}${traded}`;
}

/** The change since a value, in percent; NaN where it is not known. */
function changeOf(value: number, start: number): number {
  return 100 * (value / start - 1);
}

/** The last value at the axis: of a price in the digits of its steps. */
function tagText(channel: Channel, value: number, { unit, isPercent }: Pane): string {
  if (isPercent) return percentText(value).replace(" ", "");
  if (channel.tick?.decimals != null) return valueParts(channel, value)[0];
  return tickLabel(value, Math.abs(value) < 10 ? 0.01 : 0.1, unit);
}

function endsOf(model: Model): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  for (const group of model.groups.peek()) {
    const endUs = endedUs(model, group);
    if (endUs !== null) ends.set(group.name, endUs);
  }
  return ends;
}

interface TipRow {
  colour: string;
  channel: Pick<Channel, "title" | "brief">;
  value: string;
}

/** The box at the cursor: each channel's name and value. */
function drawTip({ context, colours, plotWidth }: TimeFrame, x: number, rows: readonly TipRow[]): void {
  context.font = font(12);
  const shown = rows.map(({ channel: { title, brief } }) => fitText(context, title, TIP_TITLE_WIDTH, brief));
  const titles = Math.max(...shown.map((title) => context.measureText(title).width));
  context.font = font(12, 600);
  const values = Math.max(...rows.map((row) => context.measureText(row.value).width));
  const width = titles + values + 46;
  const height = rows.length * TIP_ROW_HEIGHT + 12;
  const left = x + 14 + width < plotWidth ? x + 14 : Math.max(0, x - 14 - width);
  const top = PAD_TOP + 4;
  context.shadowColor = "rgba(0, 0, 0, 0.35)";
  context.shadowBlur = 14;
  context.fillStyle = colours.raised;
  context.beginPath();
  context.roundRect(left, top, width, height, 7);
  context.fill();
  context.shadowColor = "transparent";
  context.strokeStyle = colours.faint;
  context.lineWidth = 1;
  context.stroke();
  context.textBaseline = "middle";
  rows.forEach((row, k) => {
    const y = top + 6 + TIP_ROW_HEIGHT * (k + 0.5);
    context.fillStyle = row.colour;
    context.beginPath();
    context.roundRect(left + 10, y - 4, 8, 8, 2);
    context.fill();
    context.fillStyle = colours.muted;
    context.font = font(12);
    context.textAlign = "left";
    context.fillText(shown[k]!, left + 25, y);
    context.fillStyle = colours.text;
    context.font = font(12, 600);
    context.textAlign = "right";
    context.fillText(row.value, left + width - 10, y);
  });
}
