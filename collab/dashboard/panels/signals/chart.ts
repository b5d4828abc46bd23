/**
 * The chosen channels over time: one pane per unit, each with its own value axis, the last value as a tag at the right.
 */
import { clock, quantity, tickLabel } from "../../../charts/format.ts";
import { LineCache } from "../../../charts/line-cache.ts";
import { extremes, gaps, traceLine } from "../../../charts/line-path.ts";
import { followRange, type Range, tickStep, ticks, yOf } from "../../../charts/scale.ts";
import { font } from "../../../charts/surface.ts";
import { fitting } from "../../../charts/text.ts";
import { TimeChart } from "../../../charts/time-chart.ts";
import type { Channel } from "../../model/model.ts";
import type { Theme } from "../../theme/theme.ts";

interface Pane {
  unit: string;
  channels: Channel[];
  top: number;
  height: number;
  range: Range;
}

interface Tag {
  channel: Channel;
  value: number;
  y: number;
}

const TAG_HEIGHT = 16;
const PANE_GAP = 10;
const PAD_TOP = 10;
/** Value labels stand at least this far apart. */
const TICKS_APART = 34;
/** Names in the box at the cursor are cut to this: with value and margins it fits the narrowest chart. */
const TIP_TITLE_WIDTH = 220;

export class SignalsChart extends TimeChart {
  #caches = new Map<string, LineCache>();
  #ranges = new Map<string, Range>();
  #panes: Pane[] = [];

  protected override state(): string {
    return `${this.model.events.peek()[0]?.sequence}`;
  }

  protected drawBase(context: CanvasRenderingContext2D, theme: Theme): void {
    context.fillStyle = theme.panel;
    context.fillRect(0, 0, this.base.width, this.base.height);
    this.#layout();
    this.drawTimeGrid(context, theme, true);
    this.drawEventLines(context, theme);
    for (const pane of this.#panes) this.drawInjections(context, theme, pane);
    for (const pane of this.#panes) this.#drawPane(context, theme, pane);
  }

  colourOf(channel: Channel, theme: Theme): string {
    const at = this.view.chosen.peek().indexOf(channel.key);
    return theme.lines[at % theme.lines.length] ?? theme.text;
  }

  #layout(): void {
    const channels = this.view.channels;
    const keys = new Set(channels.map((channel) => channel.key));
    for (const key of this.#caches.keys()) if (!keys.has(key)) this.#caches.delete(key);
    const byUnit = new Map<string, Channel[]>();
    for (const channel of channels) {
      const together = byUnit.get(channel.unit) ?? [];
      together.push(channel);
      byUnit.set(channel.unit, together);
    }
    const free = this.plotHeight - PAD_TOP - PANE_GAP * Math.max(0, byUnit.size - 1);
    // A pane with several lines gets more room than one with a single line.
    const weight = (lines: number) => 1 + 0.35 * Math.min(3, lines - 1);
    const total = [...byUnit.values()].reduce((sum, lines) => sum + weight(lines.length), 0);
    let top = PAD_TOP;
    this.#panes = [...byUnit].map(([unit, lines]) => {
      const height = (free * weight(lines.length)) / total;
      const pane = { unit, channels: lines, top, height, range: this.#range(unit, lines) };
      top += height + PANE_GAP;
      return pane;
    });
  }

  #range(unit: string, channels: Channel[]): Range {
    const seen = { low: Number.NaN, high: Number.NaN };
    for (const channel of channels) extremes(this.#cache(channel).columns, this.time, seen);
    const range = followRange(this.#ranges.get(unit) ?? null, seen.low, seen.high);
    this.#ranges.set(unit, range);
    return range;
  }

  #cache(channel: Channel): LineCache {
    let cache = this.#caches.get(channel.key);
    if (cache === undefined) {
      cache = new LineCache();
      this.#caches.set(channel.key, cache);
    }
    cache.update(channel.series, this.time);
    return cache;
  }

  #drawPane(context: CanvasRenderingContext2D, theme: Theme, pane: Pane): void {
    const tags = this.#placeTags(pane);
    const most = Math.max(2, Math.floor(pane.height / TICKS_APART));
    const step = tickStep(pane.range.high - pane.range.low, most);
    context.font = font(11);
    context.textAlign = "left";
    context.textBaseline = "middle";
    for (const tick of ticks(pane.range, most)) {
      const y = Math.round(yOf(tick, pane.range, pane.top, pane.height));
      context.fillStyle = theme.grid;
      context.fillRect(0, y, this.plotWidth, 1);
      context.fillStyle = theme.muted;
      const covered = tags.some((tag) => Math.abs(tag.y - y) < TAG_HEIGHT - 2);
      if (!covered) context.fillText(tickLabel(tick, step, pane.unit), this.plotWidth + 8, y);
    }
    context.save();
    context.beginPath();
    context.rect(0, pane.top - 4, this.plotWidth, pane.height + 8);
    context.clip();
    this.#drawGaps(context, theme, pane);
    const scale = -pane.height / (pane.range.high - pane.range.low);
    const offset = pane.top + pane.height - scale * pane.range.low;
    context.lineJoin = "round";
    for (const channel of pane.channels) {
      const cache = this.#cache(channel);
      context.strokeStyle = this.colourOf(channel, theme);
      // Where every column goes up and down, thin strokes keep the lines apart.
      const isDense = 2 * channel.series.spacingUs < this.time.columnUs;
      context.lineWidth = isDense ? 1 : 1.5;
      context.globalAlpha = isDense ? 0.9 : 1;
      context.beginPath();
      const joinColumns = cache.joinColumns(channel.series);
      traceLine(context, cache.columns, { view: this.time, leftPx: 0, offset, scale, joinColumns });
      context.stroke();
    }
    context.restore();
    this.#drawTags(context, theme, pane, tags);
  }

  #drawGaps(context: CanvasRenderingContext2D, theme: Theme, pane: Pane): void {
    const shift = this.time.columns - 1 - this.time.endColumn;
    const seen = new Set<string>();
    context.fillStyle = theme.gap;
    for (const channel of pane.channels) {
      const cache = this.#cache(channel);
      for (const [from, to] of gaps(cache.columns, this.time, cache.joinColumns(channel.series))) {
        const left = Math.max(0, from + shift);
        const width = to + shift + 1 - left;
        const id = `${from >> 2} ${to >> 2}`;
        if (width < 3 || seen.has(id)) continue;
        seen.add(id);
        context.fillRect(left, pane.top, width, pane.height);
        if (width > 56) {
          context.font = font(10.5);
          context.textAlign = "center";
          context.fillStyle = theme.muted;
          context.fillText("no samples", left + width / 2, pane.top + pane.height - 9);
          context.fillStyle = theme.gap;
        }
      }
    }
  }

  /** The last values at the axis, moved apart where they would cover each other. */
  #placeTags(pane: Pane): Tag[] {
    const tags = pane.channels
      .map((channel) => {
        const following = this.view.following.peek();
        const value = following ? channel.series.lastValue : channel.series.valueBefore(this.view.endUs);
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

  #drawTags(context: CanvasRenderingContext2D, theme: Theme, pane: Pane, tags: readonly Tag[]): void {
    context.font = font(11, 600);
    context.textAlign = "left";
    context.textBaseline = "middle";
    for (const tag of tags) {
      context.fillStyle = this.colourOf(tag.channel, theme);
      context.beginPath();
      context.roundRect(
        this.plotWidth + 3,
        tag.y - TAG_HEIGHT / 2,
        this.base.width - this.plotWidth - 4,
        TAG_HEIGHT,
        3,
      );
      context.fill();
      context.fillStyle = theme.onColour;
      const text = tickLabel(tag.value, Math.abs(tag.value) < 10 ? 0.01 : 0.1, pane.unit);
      context.fillText(text, this.plotWidth + 8, tag.y + 0.5);
    }
  }

  protected drawCursor(context: CanvasRenderingContext2D, theme: Theme, timeUs: number, x: number): void {
    this.drawCursorLine(context, theme, x);
    this.drawCursorTime(context, theme, timeUs, x);
    const rows: { colour: string; title: string; value: string }[] = [];
    for (const pane of this.#panes) {
      for (const channel of pane.channels) {
        const value = this.#valueAt(channel, timeUs);
        const colour = this.colourOf(channel, theme);
        rows.push({ colour, title: channel.title, value: quantity(value, channel.unit) });
        if (Number.isNaN(value)) continue;
        context.fillStyle = colour;
        context.strokeStyle = theme.panel;
        context.lineWidth = 2;
        context.beginPath();
        context.arc(Math.round(x) + 0.5, yOf(value, pane.range, pane.top, pane.height), 4, 0, 2 * Math.PI);
        context.fill();
        context.stroke();
      }
    }
    if (rows.length > 0) this.#drawTip(context, theme, x, rows);
  }

  /** The sample the eye takes for the line's value there; none within a gap. */
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

  #drawTip(
    context: CanvasRenderingContext2D,
    theme: Theme,
    x: number,
    rows: { colour: string; title: string; value: string }[],
  ): void {
    context.font = font(12);
    const shown = rows.map(({ title }) => fitting(context, title, TIP_TITLE_WIDTH));
    const titles = Math.max(...shown.map((title) => context.measureText(title).width));
    context.font = font(12, 600);
    const values = Math.max(...rows.map((row) => context.measureText(row.value).width));
    const width = titles + values + 46;
    const height = rows.length * 19 + 12;
    const left = x + 14 + width < this.plotWidth ? x + 14 : Math.max(0, x - 14 - width);
    const top = PAD_TOP + 4;
    context.shadowColor = "rgba(0, 0, 0, 0.35)";
    context.shadowBlur = 14;
    context.fillStyle = theme.raised;
    context.beginPath();
    context.roundRect(left, top, width, height, 7);
    context.fill();
    context.shadowColor = "transparent";
    context.strokeStyle = theme.faint;
    context.lineWidth = 1;
    context.stroke();
    context.textBaseline = "middle";
    rows.forEach((row, k) => {
      const y = top + 6 + 19 * k + 9.5;
      context.fillStyle = row.colour;
      context.beginPath();
      context.roundRect(left + 10, y - 4, 8, 8, 2);
      context.fill();
      context.fillStyle = theme.muted;
      context.font = font(12);
      context.textAlign = "left";
      context.fillText(shown[k]!, left + 25, y);
      context.fillStyle = theme.text;
      context.font = font(12, 600);
      context.textAlign = "right";
      context.fillText(row.value, left + width - 10, y);
    });
  }

  protected describe(timeUs: number): string {
    const values = this.view.channels.map((c) => `${c.title} ${quantity(this.#valueAt(c, timeUs), c.unit)}`);
    return `${clock(timeUs)}: ${values.join(", ")}`;
  }
}
