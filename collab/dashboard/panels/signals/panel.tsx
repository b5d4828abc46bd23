/** The chart of the chosen channels. */

import { TimeChart } from "../../../charts/time-chart.ts";
import { ChartBox } from "../../components/chart-box.tsx";
import { Icon } from "../../components/icon.tsx";
import type { Parts } from "../../components/panel-props.ts";
import { Waiting } from "../../components/waiting.tsx";
import { SPANS_US } from "../../model/view.ts";
import { theme } from "../../theme/theme.ts";
import { SignalsPicture } from "./chart.ts";

export function SignalsPanel(parts: Parts) {
  const { model, view, loop } = parts;
  model.groups.value;
  const channels = view.channels;
  return (
    <section class="panel signals" aria-label="Signals">
      <div class="panel-head">
        <h2>Signals</h2>
        <ul class="chips" aria-label="Channels in the chart">
          {channels.map((channel, k) => (
            <li key={channel.key}>
              <button
                type="button"
                class={`chip line-${k + 1}`}
                onClick={() => view.toggleChannel(channel.key)}
                title={`Take ${channel.title} out of the chart`}
              >
                <span class="chip-swatch" aria-hidden="true" />
                {channel.title}
                <Icon name="close" size={10} />
              </button>
            </li>
          ))}
        </ul>
        <div class="spacer" />
        <Spans {...parts} />
      </div>
      <figure class="chart" aria-label="Chosen channels over time">
        <ChartBox
          loop={loop}
          kind="chart"
          label={`Chart of ${channels.map((c) => c.title).join(", ") || "no channel"}. Arrow keys move a cursor, plus and minus zoom.`}
          create={(elements) =>
            new TimeChart(elements, view.window, new SignalsPicture(model, view), () => theme.peek())
          }
        />
        {model.groups.value.length === 0 ? <Waiting {...parts} /> : null}
        {model.groups.value.length > 0 && channels.length === 0 ? (
          <p class="chart-note">Choose up to eight channels in the list to see them here.</p>
        ) : null}
        <FollowPill {...parts} />
      </figure>
    </section>
  );
}

function Spans({ view }: Parts) {
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

function FollowPill({ view }: Parts) {
  if (view.following.value) return null;
  return (
    <button type="button" class="follow" onClick={() => view.follow()}>
      Follow live
      <Icon name="jump" size={13} />
    </button>
  );
}
