/**
 * The chosen channels over time: one pane per unit, each with its own value axis, the last value as a tag at the right.
 */
import { signal } from "@preact/signals";
import { clock, quantity, tickLabel } from "../../../charts/format.ts";
import { LineCache } from "../../../charts/line-cache.ts";
import { extremes, gaps, traceLine } from "../../../charts/line-path.ts";
import { followRange, type Range, rounded, tickStep, ticks, valueAt, yOf } from "../../../charts/scale.ts";
import { fitText, font } from "../../../charts/text.ts";
import { type TimeView, timeOf } from "../../../charts/time-axis.ts";
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
import { affectedBy } from "../../model/channel-order.ts";
import type { Channel, Model } from "../../model/model.ts";
import type { Notes } from "../../model/notes.ts";
import type { View } from "../../model/view.ts";
import { theme } from "../../theme/theme.ts";

interface Pane {
  unit: string;
  channels: Channel[];
  top: number;
  height: number;
  range: Range;
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
    const placed = this.#panes.map(({ unit, channels, top, height, range: { low, high } }) => ({
      unit,
      channels: channels.map(({ key }) => key),
      top,
      height,
      low,
      high,
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
        rows.push({ colour, title: channel.title, value: quantity(value, channel.unit) });
        if (!Number.isNaN(value))
          drawCursorDot(frame, colour, x, yOf(value, pane.range, pane.top, pane.height));
      }
    }
    if (rows.length > 0) drawTip(frame, x, rows);
  }

  describe(timeUs: number): string {
    const values = this.#view.channels.map(
      (channel) => `${channel.title} ${quantity(this.#valueAt(channel, timeUs), channel.unit)}`,
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
    for (const key of this.#caches.keys()) if (!keys.has(key)) this.#caches.delete(key);
    const byUnit = new Map<string, Channel[]>();
    for (const channel of channels) {
      const together = byUnit.get(channel.unit) ?? [];
      together.push(channel);
      byUnit.set(channel.unit, together);
    }
    const free = plotHeight - PAD_TOP - PANE_GAP * Math.max(0, byUnit.size - 1);
    // A pane with several lines gets more room than one with a single line.
    const weight = (lines: number) => 1 + 0.35 * Math.min(3, lines - 1);
    const total = [...byUnit.values()].reduce((sum, lines) => sum + weight(lines.length), 0);
    let top = PAD_TOP;
    this.#panes = [...byUnit].map(([unit, lines]) => {
      const height = (free * weight(lines.length)) / total;
      const pane = { unit, channels: lines, top, height, range: this.#range(unit, lines, time) };
      top += height + PANE_GAP;
      return pane;
    });
  }

  #range(unit: string, channels: Channel[], time: TimeView): Range {
    const seen = { low: Number.NaN, high: Number.NaN };
    for (const channel of channels) extremes(this.#cache(channel, time).columns, time, seen);
    const range = followRange(this.#ranges.get(unit) ?? null, seen.low, seen.high);
    this.#ranges.set(unit, range);
    return range;
  }

  #cache(channel: Channel, time: TimeView): LineCache {
    let cache = this.#caches.get(channel.key);
    if (cache === undefined) {
      cache = new LineCache();
      this.#caches.set(channel.key, cache);
    }
    cache.update(channel.series, time);
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
      if (!covered) context.fillText(tickLabel(tick, step, pane.unit), plotWidth + 8, y);
    }
    context.save();
    context.beginPath();
    context.rect(0, pane.top - 4, plotWidth, pane.height + 8);
    context.clip();
    this.#drawGaps(frame, pane);
    this.#drawUsual(frame, pane);
    const scale = -pane.height / (pane.range.high - pane.range.low);
    const offset = pane.top + pane.height - scale * pane.range.low;
    context.lineJoin = "round";
    for (const channel of pane.channels) {
      const cache = this.#cache(channel, time);
      context.strokeStyle = this.#colourOf(channel);
      // Where every column goes up and down, thin strokes keep the lines apart.
      const isDense = 2 * channel.series.spacingUs < time.columnUs;
      context.lineWidth = isDense ? 1 : 1.5;
      context.globalAlpha = isDense ? 0.9 : 1;
      context.beginPath();
      const joinColumns = cache.joinColumns(channel.series);
      traceLine(context, cache.columns, { view: time, leftPx: 0, offset, scale, joinColumns });
      context.stroke();
    }
    context.restore();
    for (const { channel, value, y } of tags) {
      const text = tickLabel(value, Math.abs(value) < 10 ? 0.01 : 0.1, pane.unit);
      drawValueTag(frame, this.#colourOf(channel), text, y);
    }
  }

  /** Where the line usually is: of the only channel of a pane, and of those that something happens to. */
  #drawUsual({ context, plotWidth }: TimeFrame, { channels, range, top, height }: Pane): void {
    const { usual } = theme.peek();
    const ranges = this.#model.usual.peek();
    const affected = channels.length === 1 ? channels : channels.filter(({ key }) => this.#affected.has(key));
    context.fillStyle = usual;
    for (const { key } of affected.slice(0, 1)) {
      const own = ranges.get(key);
      if (own === undefined) continue;
      const from = Math.max(top, yOf(own.high, range, top, height));
      const to = Math.min(top + height, yOf(own.low, range, top, height));
      if (to > from) context.fillRect(0, from, plotWidth, to - from);
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
        return { channel, value, y: yOf(value, pane.range, pane.top, pane.height) };
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

interface TipRow {
  colour: string;
  title: string;
  value: string;
}

/** The box at the cursor: each channel's name and value. */
function drawTip({ context, colours, plotWidth }: TimeFrame, x: number, rows: readonly TipRow[]): void {
  context.font = font(12);
  const shown = rows.map(({ title }) => fitText(context, title, TIP_TITLE_WIDTH));
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
