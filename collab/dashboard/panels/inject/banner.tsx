/** A line above all panels while injected events disturb the data: the charts do not show what really happened. */
import { clock, span } from "../../../charts/format.ts";
import { Icon } from "../../components/icon.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { isActive } from "../../model/injections.ts";

/** More of them would fill a phone. The list of events has them all. */
const MOST_SHOWN = 3;

export function InjectionBanner({ model }: PanelProps) {
  model.pulse.value;
  const { headUs } = model;
  const active = model.injections.value.filter((injection) => isActive(injection, headUs));
  if (active.length === 0) return null;
  return (
    <div class="injected-banner" role="status">
      <Icon name="inject" size={16} />
      <p>
        <strong>Injected, not real</strong>
        {active
          .slice(0, MOST_SHOWN)
          .map(({ partition, sequence, what, channels, group, untilUs, author }) => (
            <span
              key={`${partition}/${sequence}`}
              title={author === "" ? undefined : `requested by ${author}`}
            >
              {what} on {channels.size === 1 ? [...channels][0] : `${channels.size} channels`} of {group},
              until {clock(untilUs)}
              {untilUs > headUs ? ` (${left(untilUs - headUs)})` : ""}
            </span>
          ))}
        {active.length > MOST_SHOWN ? <span>and {active.length - MOST_SHOWN} more</span> : null}
      </p>
    </div>
  );
}

function left(us: number): string {
  const seconds = Math.ceil(us / 1e6);
  return seconds < 60 ? `${seconds} s` : span(seconds * 1e6);
}
