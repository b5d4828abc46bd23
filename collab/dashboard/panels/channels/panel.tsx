/**
 * The channels: name, line over the stretch of time shown, value. Only rows in view exist, and values go straight into text nodes.
 */
import "./panel.css";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Severity } from "../../../../protocol/messages.ts";
import { clock } from "../../../charts/format.ts";
import { BriefTitle } from "../../components/brief-title.tsx";
import { Icon } from "../../components/icon.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { affectedBy, type Row as ListedRow, ORDERS, type Order, ordered } from "../../model/channel-order.ts";
import { valueParts } from "../../model/channel-values.ts";
import { endedUs } from "../../model/ended.ts";
import { rangeText } from "../../model/incident-words.ts";
import type { Channel, Group } from "../../model/model.ts";
import { SparkLines } from "./chart.ts";

const ROW_HEIGHT = 34;
/** Rows that a key moves by. More rows than the list has: to its end. */
const STEPS: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: 10,
  PageUp: -10,
  Home: -1e9,
  End: 1e9,
};

const NONE_ENDED: ReadonlyMap<string, number> = new Map();

/** Rows kept above and below the visible ones, so that scrolling shows no holes. */
const SPARE_ROWS = 4;

export function ChannelsPanel({ model, view, loop }: PanelProps) {
  const groups = model.groups.value;
  const filter = view.filter.value.trim().toLowerCase();
  const order = view.order.value;
  const incidents = model.incidents.value;
  const affected = useMemo(() => affectedBy(incidents), [incidents]);
  const channels = useMemo(
    () => groups.flatMap((group) => group.channels).filter((channel) => matches(channel, filter)),
    [groups, filter],
  );
  const shown = useMemo(() => ordered(channels, order, affected), [channels, order, affected]);
  const ended = new Map(groups.map((group) => [group.name, endedUs(model, group)]));
  // Where all have ended, the header says so.
  const isOver = [...ended.values()].every((us) => us !== null);
  const total = groups.reduce((sum, group) => sum + group.channels.length, 0);
  return (
    <section class="panel channels" aria-label="Channels">
      <div class="panel-head">
        <h2>Channels</h2>
        <span class="count">{filter === "" ? total : `${channels.length} of ${total}`}</span>
        <span class="hint">{remarksOf(groups)}</span>
        <div class="spacer" />
        <select
          class="order"
          aria-label="Order of the channels"
          value={order}
          onChange={({ currentTarget }) => {
            view.order.value = currentTarget.value as Order;
          }}
        >
          {ORDERS.map(({ name, title }) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </div>
      <label class="search">
        <Icon name="search" size={14} />
        <input
          id="channel-filter"
          type="search"
          placeholder="Filter"
          aria-label="Filter channels by name, unit or group"
          value={view.filter.value}
          onInput={(event) => {
            view.filter.value = event.currentTarget.value;
          }}
        />
        <kbd>/</kbd>
      </label>
      {total === 0 ? (
        model.events.value.some(({ kind }) => kind === "feed.failed") ? null : (
          <Skeleton />
        )
      ) : (
        <Rows
          shown={shown}
          affected={affected}
          ended={isOver ? NONE_ENDED : ended}
          model={model}
          view={view}
          loop={loop}
          many={groups.length > 1}
        />
      )}
    </section>
  );
}

/** "synthetic" */
function remarksOf(groups: readonly Group[]): string {
  return [...new Set(groups.flatMap(({ remark }) => remark ?? []))].join(", ");
}

function matches(channel: Channel, filter: string): boolean {
  return (
    filter === "" ||
    `${channel.title} ${channel.name} ${channel.unit} ${channel.group}`.toLowerCase().includes(filter)
  );
}

interface RowsProps extends Pick<PanelProps, "model" | "view" | "loop"> {
  shown: readonly ListedRow[];
  affected: ReadonlyMap<string, Severity>;
  /** When the feed of each group ended; null: it did not. */
  ended: ReadonlyMap<string, number | null>;
  many: boolean;
}

function Rows({ shown, affected, ended, model, view, loop, many }: RowsProps) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const sparks = useRef<SparkLines | null>(null);
  const [range, setRange] = useState({ from: 0, to: 24 });
  const [current, setCurrent] = useState(0);
  const moved = useRef(false);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = () => {
      const from = Math.max(0, Math.floor(element.scrollTop / ROW_HEIGHT) - SPARE_ROWS);
      const to = Math.ceil((element.scrollTop + element.clientHeight) / ROW_HEIGHT) + SPARE_ROWS;
      setRange((was) => (was.from === from && was.to === to ? was : { from, to }));
    };
    measure();
    element.addEventListener("scroll", measure, { passive: true });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      element.removeEventListener("scroll", measure);
      observer.disconnect();
    };
  }, []);

  useEffect(() => {
    if (canvas.current === null) return;
    const lines = new SparkLines(canvas.current, ROW_HEIGHT, model, view);
    sparks.current = lines;
    const remove = loop.add(lines);
    return () => {
      remove();
      lines.close();
    };
  }, []);

  const to = Math.min(range.to, shown.length);
  const from = Math.min(range.from, to);
  const visible = shown.slice(from, to);
  useLayoutEffect(() => {
    if (sparks.current !== null)
      sparks.current.rows = visible.map((row) => (row.kind === "channel" ? row.channel : null));
    if (moved.current) {
      moved.current = false;
      box.current?.querySelector<HTMLElement>(".channel[tabindex='0']")?.focus();
    }
  });

  const move = (to: number) => {
    let next = Math.min(shown.length - 1, Math.max(0, to));
    // Heads are passed over; at the top there is a channel below.
    if (shown[next]?.kind === "head") next += to < current && next > 0 ? -1 : 1;
    next = Math.min(shown.length - 1, next);
    const element = box.current;
    if (element !== null) {
      const top = next * ROW_HEIGHT;
      if (top < element.scrollTop) element.scrollTop = top;
      if (top + ROW_HEIGHT > element.scrollTop + element.clientHeight) {
        element.scrollTop = top + ROW_HEIGHT - element.clientHeight;
      }
    }
    moved.current = true;
    setCurrent(next);
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const step = STEPS[event.key];
      if (step === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      move(current + step);
    };
    box.current?.addEventListener("keydown", onKey);
    return () => box.current?.removeEventListener("keydown", onKey);
  });
  const first = shown[0]?.kind === "head" ? 1 : 0;
  const focused = shown[current]?.kind === "channel" ? current : Math.min(first, shown.length - 1);
  const firstVisible = visible.findIndex(({ kind }) => kind === "channel");
  const height = shown.length * ROW_HEIGHT;
  const hasUnits = shown.some((row) => row.kind === "channel" && row.channel.unit !== "");
  return (
    <div class="rows" ref={box}>
      <div class={hasUnits ? "rows-all" : "rows-all unitless"} style={{ height: `${height}px` }}>
        <canvas
          class="sparks"
          ref={canvas}
          role="img"
          aria-label="Each channel over the stretch of time shown"
          style={{ top: `${from * ROW_HEIGHT}px`, height: `${Math.max(1, visible.length) * ROW_HEIGHT}px` }}
        />
        {visible.map((row, k) =>
          row.kind === "head" ? (
            <h3 class="rows-head" key={row.title} style={{ top: `${(from + k) * ROW_HEIGHT}px` }}>
              {row.title}
            </h3>
          ) : (
            <Row
              key={row.channel.key}
              channel={row.channel}
              severity={affected.get(row.channel.key) ?? null}
              endedUs={ended.get(row.channel.group) ?? null}
              top={(from + k) * ROW_HEIGHT}
              many={many}
              current={from + k === focused || (k === firstVisible && (focused < from || focused >= to))}
              onPress={() => {
                setCurrent(from + k);
                view.toggleChannel(row.channel.key);
              }}
              model={model}
              view={view}
              loop={loop}
            />
          ),
        )}
      </div>
      {shown.length === 0 ? <p class="empty-note">No channel matches “{view.filter.value}”.</p> : null}
    </div>
  );
}

interface RowProps extends Pick<PanelProps, "model" | "view" | "loop"> {
  channel: Channel;
  /** Of the incident that it is in. */
  severity: Severity | null;
  /** Of its feed; null: it goes on. */
  endedUs: number | null;
  top: number;
  many: boolean;
  current: boolean;
  onPress: () => void;
}

function Row({ channel, severity, endedUs, top, many, current, onPress, model, view }: RowProps) {
  const at = view.colourOf(channel.key);
  const range = model.usual.value.get(channel.key);
  const known = range === undefined ? "" : `, usually ${rangeText(range, channel.unit)}`;
  const value = useRef<HTMLSpanElement>(null);
  const unit = useRef<HTMLSpanElement>(null);
  useEffect(
    () =>
      model.pulse.subscribe(() => {
        const [digits, shown] = valueParts(channel, channel.series.lastValue);
        write(value.current, digits);
        write(unit.current, shown);
      }),
    [channel],
  );
  return (
    <button
      type="button"
      class={`channel${at < 0 ? "" : ` chosen line-${at + 1}`}${severity === null ? "" : ` affected is-${severity}`}${endedUs === null ? "" : " ended"}`}
      style={{ top: `${top}px` }}
      aria-pressed={at >= 0}
      tabIndex={current ? 0 : -1}
      onClick={onPress}
      title={`${channel.title} (${many ? `${channel.group} · ` : ""}${channel.name})${known}${endedUs === null ? "" : `. Its feed ended at ${clock(endedUs)}`}`}
    >
      <span class="swatch" aria-hidden="true" />
      {severity === null ? null : (
        <>
          <Icon name={severity} size={10} />
          <span class="sr">unusual, {severity}: </span>
        </>
      )}
      <span class="name">
        <BriefTitle of={channel} />
      </span>
      {endedUs === null ? null : <span class="row-ended">ended</span>}
      <span class="value" ref={value}>
        –
      </span>
      <span class="unit" ref={unit} />
    </button>
  );
}

function write(element: HTMLElement | null, text: string): void {
  const node = element?.firstChild;
  if (node instanceof Text) {
    if (node.data !== text) node.data = text;
  } else if (element !== null) element.textContent = text;
}

function Skeleton() {
  return (
    <div class="skeleton" aria-hidden="true">
      {Array.from({ length: 12 }, (_, k) => (
        <div class="skeleton-row" key={k} />
      ))}
    </div>
  );
}
