/** The events, newest first, each with severity, time and details. Pressing one shows its moment in all charts. */
import "./panel.css";
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { EventMessage } from "../../../../protocol/messages.ts";
import { clock, dateTime, significant } from "../../../charts/format.ts";
import { Icon } from "../../components/icon.tsx";
import { ListTabs } from "../../components/list-tabs.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import type { View } from "../../model/view.ts";

const SEVERITIES = ["critical", "warning", "notice", "info"] as const;
/** Rows drawn at once. Hiding severities brings up older rows. */
const MOST_ROWS = 200;

const hidden = signal<ReadonlySet<string>>(new Set());

export function EventsPanel(props: PanelProps) {
  const { model, view } = props;
  const events = model.events.value;
  const shown = events.filter((event) => !hidden.value.has(event.severity)).slice(0, MOST_ROWS);
  return (
    <section class="panel events" aria-label="Events">
      <div class="panel-head">
        <ListTabs {...props} />
        <div class="spacer" />
        <fieldset class="filters" aria-label="Severities shown">
          {SEVERITIES.map((severity) => {
            const count = events.filter((event) => event.severity === severity).length;
            return (
              <button
                type="button"
                key={severity}
                class={`filter is-${severity}`}
                aria-pressed={!hidden.value.has(severity)}
                aria-label={`${severity}: ${count}`}
                title={severity}
                onClick={() => toggle(severity)}
              >
                <Icon name={severity} size={10} />
                {count}
              </button>
            );
          })}
        </fieldset>
      </div>
      {events.length === 0 ? (
        <p class="empty-note">No events yet. This list shows collapses, anomalies, gaps and changes.</p>
      ) : (
        <ol class="event-rows">
          {shown.map((event) => (
            <EventRow key={event.id} event={event} view={view} />
          ))}
        </ol>
      )}
    </section>
  );
}

function toggle(severity: string): void {
  const next = new Set(hidden.value);
  if (!next.delete(severity)) next.add(severity);
  hidden.value = next;
}

function EventRow({ event, view }: { event: EventMessage; view: View }) {
  const open = view.openEvent.value === event.id;
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (open) row.current?.scrollIntoView({ block: "nearest" });
  }, [open]);
  const press = () => {
    view.openEvent.value = open ? null : event.id;
    if (!open) view.jumpTo(event.timeUs);
    else view.pinnedUs.value = null;
  };
  return (
    <li ref={row} class={`event is-${event.severity}${open ? " open" : ""}`}>
      <button type="button" class="event-head" aria-expanded={open} onClick={press}>
        <Icon name={event.severity} size={12} />
        <span class="event-title">
          <span class="sr">{event.severity}: </span>
          {event.title}
        </span>
        <time dateTime={new Date(event.timeUs / 1000).toISOString()}>{clock(event.timeUs)}</time>
        <span class="event-kind">
          <span class="event-severity">{event.severity}</span>
          {event.kind}
          {event.group === "" ? "" : ` · ${event.group}`}
        </span>
      </button>
      {open ? <Detail event={event} /> : null}
    </li>
  );
}

function Detail({ event }: { event: EventMessage }) {
  const rows: [string, string][] = [
    ["time", dateTime(event.timeUs)],
    ...(event.channels.length > 0 ? [["channels", event.channels.join(", ")] as [string, string]] : []),
    ...Object.entries(event.detail).map(([key, value]): [string, string] => [words(key), plain(value)]),
    ["actor", event.actor],
    ["id", event.id],
  ];
  return (
    <dl class="detail">
      {rows.map(([key, value]) => (
        <div key={key}>
          <dt>{key}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function plain(value: string | number | boolean | null): string {
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : significant(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return value ?? "–";
}

/** falseAlarmsPerDay → false alarms per day */
function words(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
}
