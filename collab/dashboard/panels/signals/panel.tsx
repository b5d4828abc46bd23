/** The chart of the chosen channels. */

import "./panel.css";
import { useMemo, useRef } from "preact/hooks";
import { TimeChart } from "../../../charts/time-chart.ts";
import { BriefTitle } from "../../components/brief-title.tsx";
import { ChartBox } from "../../components/chart-box.tsx";
import { Icon } from "../../components/icon.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { Export } from "../../components/share.tsx";
import { SPANS_US } from "../../model/view.ts";
import { theme } from "../../theme/theme.ts";
import { SignalsPicture } from "./chart.ts";
import { Levels } from "./levels.tsx";
import { ChartMenu } from "./menu.tsx";

export function SignalsPanel(props: PanelProps) {
  const { model, view, loop } = props;
  const picture = useMemo(() => new SignalsPicture(props), []);
  const chart = useRef<TimeChart | null>(null);
  model.groups.value;
  const channels = view.channels;
  return (
    <section class="panel signals" aria-label="Signals">
      <div class="panel-head">
        <h2>Signals</h2>
        <ul class="chips" aria-label="Channels in the chart">
          {channels.map((channel) => (
            <li key={channel.key}>
              <button
                type="button"
                class={`chip line-${view.colourOf(channel.key) + 1}`}
                onClick={() => view.toggleChannel(channel.key)}
                title={`Remove ${channel.title} from the chart`}
              >
                <span class="chip-swatch" aria-hidden="true" />
                <span class="chip-name">
                  <BriefTitle of={channel} />
                </span>
                <Icon name="close" size={10} />
              </button>
            </li>
          ))}
        </ul>
        <div class="spacer" />
        <MarkButton {...props} />
        <ThresholdsButton {...props} />
        <ChartMenu {...props} />
        <Export {...props} svg={() => chart.current?.svg() ?? null} />
        <Spans {...props} />
      </div>
      <figure class="chart" aria-label="Chosen channels over time">
        <ChartBox
          loop={loop}
          kind="chart"
          label={`Chart of ${channels.map((c) => c.title).join(", ") || "no channel"}. Arrow keys move a cursor, plus and minus zoom, Enter marks for a note.`}
          create={(elements) => {
            chart.current = new TimeChart(elements, view.window, picture, () => theme.peek());
            return chart.current;
          }}
        >
          <Levels panes={picture.panes} {...props} />
        </ChartBox>
        {model.groups.value.length === 0 ? <Waiting {...props} /> : null}
        {model.groups.value.length > 0 && channels.length === 0 ? (
          <p class="chart-note">Choose up to eight channels in the list to see them here.</p>
        ) : null}
        <FollowPill {...props} />
      </figure>
    </section>
  );
}

/** With a pen or a finger, and without Shift: dragging marks a stretch of time for a note. */
function MarkButton({ view, room }: PanelProps) {
  if (!room.isJoined.value) return null;
  const refused = room.whyNot();
  return (
    <button
      type="button"
      class="icon-button"
      aria-pressed={view.isMarking.value}
      disabled={refused !== ""}
      onClick={() => {
        view.isMarking.value = !view.isMarking.peek();
      }}
      aria-label="Mark a stretch of time for a note"
      title={refused || "Drag over a chart to write a note on a stretch of time (S, or Shift while dragging)"}
    >
      <Icon name="note" size={16} />
    </button>
  );
}

function ThresholdsButton({ view, controls }: PanelProps) {
  if (!controls.supported.value.has("alerts")) return null;
  return (
    <button
      type="button"
      class="icon-button"
      onClick={() => {
        view.openThresholds(null);
      }}
      aria-label="Thresholds"
      title="Thresholds and their alerts (A)"
    >
      <Icon name="threshold" size={16} />
    </button>
  );
}

function Spans({ view }: PanelProps) {
  return (
    <fieldset class="segments" aria-label="Stretch of time shown">
      {SPANS_US.map((span) => (
        <button
          type="button"
          key={span.label}
          aria-pressed={Math.abs(view.spanUs.value - span.us) < 1}
          onClick={() => view.setSpan(span.us)}
        >
          {span.label}
        </button>
      ))}
    </fieldset>
  );
}

function FollowPill({ view }: PanelProps) {
  if (view.following.value) return null;
  return (
    <button type="button" class="follow" onClick={() => view.follow()}>
      Follow live
      <Icon name="jump" size={13} />
    </button>
  );
}

/** A session without channels: its feeds failed, or bring none yet. */
function openWords(model: PanelProps["model"]): [title: string, text: string] {
  const failed = model.events.value.find(({ kind }) => kind === "feed.failed");
  if (failed === undefined)
    return [
      "Waiting for the first channels",
      "The session is open. Channels appear here as soon as a feed declares them.",
    ];
  const { source, text } = failed.detail;
  return [`Feed ${String(source)} failed`, `${String(text)}. Change that, and start the program again.`];
}

/** Before the first channels: what the page waits for. */
function Waiting({ model }: PanelProps) {
  const connection = model.connected.value;
  const [title, text] =
    connection.state === "connecting"
      ? ["Connecting…", "The page asks the gateway for the session."]
      : connection.state === "open" || connection.state === "degraded"
        ? openWords(model)
        : connection.state === "refused"
          ? [
              "Access denied",
              connection.signIn ? "This session requires a token." : "Reload the page to try again.",
            ]
          : ["No connection", "The page reconnects by itself and continues where it was."];
  return (
    <div class="no-data">
      <svg width="220" height="56" viewBox="0 0 220 56" fill="none" aria-hidden="true">
        <path class="wave one" d="M0 28c18-34 37-34 55 0s37 34 55 0 37-34 55 0 37 34 55 0" />
        <path class="wave two" d="M0 28c18 34 37 34 55 0s37-34 55 0 37 34 55 0 37-34 55 0" />
      </svg>
      <h3>{title}</h3>
      <p>{text}</p>
    </div>
  );
}
