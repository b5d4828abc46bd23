/** The bar of a recorded session: play, pause, speed, and a slider over its whole length with marks of its events. */
import "./panel.css";
import { useMemo, useState } from "preact/hooks";
import type { ReplayMark, ReplayStatus } from "../../../../protocol/controls.ts";
import { clock, dateTime, span } from "../../../charts/format.ts";
import { Icon } from "../../components/icon.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { type Controls, SPEEDS } from "../../model/controls.ts";

export function ReplayBar({ model, controls }: PanelProps) {
  const status = controls.replay.value;
  model.pulse.value;
  if (!controls.isReplay.value || status === null) return null;
  const plays = status.state === "playing";
  const whyNot = controls.whyNot("replay");
  const disabled = whyNot !== "";
  return (
    <section class="transport" aria-label="Recording">
      <div class="transport-buttons">
        <button
          type="button"
          class="icon-button"
          onClick={() => void controls.moveToMark(-1)}
          aria-label="Previous event of the recording"
          disabled={disabled}
          title={whyNot || "Previous event (B)"}
        >
          <Icon name="previous" size={16} />
        </button>
        <button
          type="button"
          class="play"
          onClick={() => controls.togglePlay()}
          aria-label={plays ? "Pause" : "Play"}
          disabled={disabled}
          title={whyNot || (plays ? "Pause (Space)" : "Play (Space)")}
        >
          <Icon name={plays ? "pause" : "play"} size={16} />
        </button>
        <button
          type="button"
          class="icon-button"
          onClick={() => void controls.moveToMark(1)}
          aria-label="Next event of the recording"
          disabled={disabled}
          title={whyNot || "Next event (N)"}
        >
          <Icon name="next" size={16} />
        </button>
      </div>
      <Scrubber controls={controls} status={status} />
      <label class="speed">
        <span class="sr">Speed</span>
        <select
          value={String(status.speed)}
          disabled={disabled}
          title={whyNot || "Speed ( [ slower, ] faster )"}
          onChange={({ currentTarget: { value } }) =>
            void controls.send({ action: "speed", speed: value === "max" ? "max" : Number(value) })
          }
        >
          {[...new Set([...SPEEDS, status.speed])].map((speed) => (
            <option key={speed} value={String(speed)}>
              {speed === "max" ? "max" : `×${speed}`}
            </option>
          ))}
        </select>
      </label>
      <Failure controls={controls} status={status} />
    </section>
  );
}

function Failure({ controls, status }: { controls: Controls; status: ReplayStatus }) {
  const text = status.state === "failed" ? status.reason : controls.failure.value;
  return text === "" ? null : (
    <p class="transport-failed" role="alert">
      {text}
    </p>
  );
}

function Scrubber({ controls, status }: { controls: Controls; status: ReplayStatus }) {
  const { fromUs, toUs, state } = status;
  // While a person drags the slider, it follows the pointer, not the session.
  const [heldUs, hold] = useState<number | null>(null);
  const timeUs = heldUs ?? controls.timeUs();
  const lengthMs = Math.max(1, Math.ceil((toUs - fromUs) / 1000));
  const stepMs = Math.min(1000, lengthMs / 100);
  const atMs = (timeUs - fromUs) / 1000;
  const hasDays = toUs - fromUs > 86_400e6 / 2;
  return (
    <>
      <div class="transport-time">
        <time dateTime={new Date(timeUs / 1000).toISOString()}>{clock(timeUs, 1e5)}</time>
        <span>{state === "playing" ? `${span(Math.max(0, toUs - timeUs))} left` : state}</span>
      </div>
      <div class="scrubber">
        <Ticks marks={controls.marks.value} fromUs={fromUs} toUs={toUs} />
        <input
          type="range"
          min={0}
          max={lengthMs}
          step={stepMs}
          value={atMs}
          aria-label="Place in the recording"
          disabled={controls.whyNot("replay") !== ""}
          title={controls.whyNot("replay") || undefined}
          aria-valuetext={dateTime(timeUs)}
          style={{ "--played": `${Math.min(100, (100 * atMs) / lengthMs)}%` }}
          onInput={({ currentTarget }) => {
            const chosenMs = currentTarget.valueAsNumber;
            // The last step may be a short one.
            const chosenUs = chosenMs + stepMs > lengthMs ? toUs : fromUs + chosenMs * 1000;
            hold(chosenUs);
            controls.seek(chosenUs);
          }}
          onChange={() => hold(null)}
        />
        <div class="scrubber-ends" aria-hidden="true">
          <span>{hasDays ? dateTime(fromUs).slice(0, 16) : clock(fromUs)}</span>
          <span>{hasDays ? dateTime(toUs).slice(0, 16) : clock(toUs)}</span>
        </div>
      </div>
    </>
  );
}

const RANKS = ["info", "notice", "warning", "critical"] as const;
/** Different positions of marks on the bar. */
const BINS = 600;

/** One stroke per position: the gravest of its events. */
function Ticks({ marks, fromUs, toUs }: { marks: readonly ReplayMark[]; fromUs: number; toUs: number }) {
  const paths = useMemo(() => {
    const ranks = new Int8Array(BINS + 1).fill(-1);
    for (const { timeUs, severity } of marks) {
      const bin = Math.round((BINS * (timeUs - fromUs)) / Math.max(1, toUs - fromUs));
      if (bin >= 0 && bin <= BINS) ranks[bin] = Math.max(ranks[bin]!, RANKS.indexOf(severity));
    }
    return RANKS.map((_, rank) =>
      Array.from(ranks, (of, bin) => (of === rank ? `M${bin} ${TOPS[rank]}V24` : "")).join(""),
    );
  }, [marks, fromUs, toUs]);
  return (
    <svg class="ticks" viewBox={`0 0 ${BINS} 24`} preserveAspectRatio="none" aria-hidden="true">
      {RANKS.map((severity, rank) => (
        <path key={severity} class={`is-${severity}`} d={paths[rank]} />
      ))}
    </svg>
  );
}

/** Graver events have higher strokes, to differ without colour. */
const TOPS = [17, 13, 7, 2] as const;
