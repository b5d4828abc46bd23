/**
 * Thresholds laid over the chart of their channel: a line at the level with a tag at the right, and one where the alert clears at the left.
 * Tags are dragged, or moved by the arrow keys; what is moved is written when it is released. A press opens the form.
 */
import "./levels.css";
import type { ReadonlySignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { visibleText } from "../../../../protocol/visible-text.ts";
import { tickLabel } from "../../../charts/format.ts";
import { finestStep, rounded, valueAt, yOf } from "../../../charts/scale.ts";
import { Icon } from "../../components/icon.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { conditionOf, nameOf } from "../../components/threshold-words.ts";
import type { Level } from "../../model/alerts.ts";
import type { LevelDraft } from "../../model/presence.ts";
import type { PlacedPane } from "./chart.ts";

/** Tags nearer to each other than this stand side by side. */
const APART = 22;
/** Parts of a pane that a key moves a level by; with Shift ten times that. */
const KEY_PART = 1 / 100;
const KEY_STEPS: Readonly<Record<string, number>> = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 };

/** Keys that rest for so long have let go. */
const KEYS_REST_MS = 500;

type LevelsProps = PanelProps & { panes: ReadonlySignal<readonly PlacedPane[]> };

export function Levels({ panes, ...props }: LevelsProps) {
  const levels = props.alerts.levels.value;
  if (levels.length === 0) return null;
  return (
    <div class="levels">
      {panes.value.flatMap((pane) => {
        const placed = levels
          .filter(
            ({ threshold: { of } }) => "channel" in of && pane.channels.includes(`${of.group}/${of.channel}`),
          )
          .map((level) => ({ level, y: heightOf(level.threshold.level, pane) }))
          .sort((a, b) => a.y - b.y);
        let column = 0;
        return placed.map(({ level, y }, k) => {
          column = k > 0 && y - placed[k - 1]!.y < APART ? column + 1 : 0;
          return <LevelMark key={level.threshold.id} {...{ level, pane, column }} {...props} />;
        });
      })}
    </div>
  );
}

type MarkProps = PanelProps & { level: Level; pane: PlacedPane; column: number };

function LevelMark({ level: { threshold, alert }, pane, column, ...props }: MarkProps) {
  const { controls, presence, alerts, room, model, view } = props;
  const { id, direction, severity } = threshold;
  const own = presence.draft.value?.threshold === id ? presence.draft.value : null;
  const foreign = presence.drafts.value.get(id);
  const { level, clearLevel } = own ?? foreign ?? threshold;
  const state = alert?.state ?? "waiting";
  const isBeyond = state === "firing" || state === "pending";
  const mayMove = controls.supported.value.has("thresholds") && controls.whyNot("thresholds") === "";
  const said = room.isSaving("thresholds", id)
    ? "saving…"
    : foreign !== undefined
      ? `${foreign.name} moves it`
      : alert !== null && isBeyond && alert.acknowledged !== null
        ? `${state}, ${visibleText(alert.acknowledged.by)} knows`
        : isBeyond
          ? state
          : "";
  const move = (draft: Omit<LevelDraft, "threshold"> | null) => {
    presence.draft.value = draft === null ? null : { threshold: id, ...draft };
  };
  const release = () => {
    const draft = presence.draft.peek();
    if (draft?.threshold !== id) return;
    void alerts.set({ ...threshold, level: draft.level, clearLevel: draft.clearLevel });
    presence.draft.value = null;
  };
  const shared = {
    pane,
    mayMove,
    release,
    cancel: () => move(null),
    open: () => view.openThresholds({ id }),
    remove: () => void alerts.remove(id),
  };
  const name = nameOf(threshold, model);
  const y = heightOf(level, pane);
  const clearY = heightOf(clearLevel, pane);
  const isOut = level < pane.low || level > pane.high;
  return (
    <div class={`level-mark is-${severity} at-${state}${said === "" ? "" : " says"}`}>
      <span
        class="level-zone"
        style={{
          top: `${direction === "above" ? pane.top : y}px`,
          height: `${direction === "above" ? y - pane.top : pane.top + pane.height - y}px`,
          width: `${pane.width}px`,
        }}
      />
      <span class="level-line" style={{ top: `${y}px`, width: `${pane.width}px` }} />
      <Tag
        {...shared}
        kind="level"
        value={level}
        words={`${conditionOf({ ...threshold, level, clearLevel }, model)}, ${severity}${said === "" ? "" : `, ${said}`}`}
        label={`Level of ${name}`}
        style={{ top: `${y}px`, right: `${4 + column * 128}px` }}
        move={(value) =>
          move({
            level: value,
            // The distance stays, so that a level is not moved beyond where it clears.
            clearLevel: rounded(threshold.clearLevel + value - threshold.level, pane),
          })
        }
      >
        <Icon name={severity} size={10} />
        {isOut ? (level > pane.high ? "↑ " : "↓ ") : ""}
        {direction === "above" ? "> " : "< "}
        {textOf(level, pane)}
        {said === "" ? null : <span class="level-said">{said}</span>}
      </Tag>
      {mayMove || clearLevel !== level ? (
        <>
          {clearLevel === level ? null : (
            <span class="level-line clears" style={{ top: `${clearY}px`, width: `${pane.width}px` }} />
          )}
          <Tag
            {...shared}
            kind="clears"
            value={clearLevel}
            words={textOf(clearLevel, pane)}
            label={`Where ${name} clears`}
            style={{ top: `${clearY}px`, left: `${2 + column * 64}px` }}
            move={(value) =>
              move({
                level,
                clearLevel: direction === "above" ? Math.min(level, value) : Math.max(level, value),
              })
            }
          >
            {clearLevel === level ? "clears" : `clears ${textOf(clearLevel, pane)}`}
          </Tag>
        </>
      ) : null}
    </div>
  );
}

interface TagProps {
  kind: "level" | "clears";
  value: number;
  /** The value as screen readers say it. */
  words: string;
  label: string;
  pane: PlacedPane;
  mayMove: boolean;
  style: Record<string, string>;
  move(value: number): void;
  release(): void;
  cancel(): void;
  open(): void;
  remove(): void;
  children: preact.ComponentChildren;
}

function Tag({ kind, value, words, label, pane, mayMove, style, children, ...acts }: TagProps) {
  const resting = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const drag = useRef<{ fromY: number; startY: number; moved: boolean } | null>(null);
  const look = `level-tag ${kind}`;
  if (!mayMove)
    return (
      <span class={look} style={style} title={`${label}: ${words}`}>
        {children}
      </span>
    );
  const grab = (event: PointerEvent) => {
    if (event.button !== 0) return;
    // The chart below would move its picture.
    event.stopPropagation();
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    drag.current = { fromY: event.clientY, startY: heightOf(value, pane), moved: false };
  };
  const moveTo = (event: PointerEvent) => {
    const at = drag.current;
    if (at === null) return;
    event.stopPropagation();
    const by = event.clientY - at.fromY;
    if (!at.moved && Math.abs(by) < 3) return;
    at.moved = true;
    const y = Math.min(pane.top + pane.height, Math.max(pane.top, at.startY + by));
    acts.move(rounded(valueAt(y, pane, pane.top, pane.height), pane));
  };
  const letGo = (event: PointerEvent) => {
    const at = drag.current;
    drag.current = null;
    event.stopPropagation();
    if (at === null) return;
    if (at.moved) acts.release();
    else acts.open();
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    clearTimeout(resting.current);
    const steps = KEY_STEPS[event.key];
    if (steps !== undefined)
      acts.move(rounded(value + steps * (event.shiftKey ? 10 : 1) * KEY_PART * (pane.high - pane.low), pane));
    else if (event.key === "Enter" || event.key === " ") acts.open();
    else if (event.key === "Delete" && kind === "level") acts.remove();
    else if (event.key === "Escape") acts.cancel();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <span
      class={look}
      style={style}
      role="slider"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={value}
      aria-valuemin={Math.min(value, pane.low)}
      aria-valuemax={Math.max(value, pane.high)}
      aria-valuetext={words}
      title={`${label}: ${words}. Drag it, or use the arrow keys; Enter opens the form`}
      onPointerDown={grab}
      onPointerMove={moveTo}
      onPointerUp={letGo}
      onPointerCancel={() => {
        drag.current = null;
        acts.cancel();
      }}
      onDblClick={(event) => event.stopPropagation()}
      onKeyDown={key}
      onKeyUp={() => {
        // Several steps are one change.
        resting.current = setTimeout(acts.release, KEYS_REST_MS);
      }}
      onBlur={() => {
        clearTimeout(resting.current);
        acts.release();
      }}
    >
      {children}
    </span>
  );
}

/** With the digits in which neighbouring levels differ: "100.05", "1.21 MB". */
function textOf(value: number, pane: PlacedPane): string {
  const text = tickLabel(value, finestStep(pane), pane.unit);
  return /[^\d.-]/.test(text) || pane.unit === "" ? text : `${text} ${pane.unit}`;
}

/** The pixel of a value, at the edge of its pane where it lies outside. */
function heightOf(value: number, pane: PlacedPane): number {
  const y = yOf(value, pane, pane.top, pane.height);
  return Math.round(Math.min(pane.top + pane.height, Math.max(pane.top, y)));
}
