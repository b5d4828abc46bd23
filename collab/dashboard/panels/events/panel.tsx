/**
 * The incidents, and below them what else the log has: events that no incident has, newest first. Pressing one shows its moment in all charts.
 */
import "./panel.css";
import { signal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { EventMessage } from "../../../../protocol/messages.ts";
import { moment } from "../../../charts/format.ts";
import { Icon } from "../../components/icon.tsx";
import { ListTabs } from "../../components/list-tabs.tsx";
import { Newest } from "../../components/newest.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { eventsIn } from "../../model/incidents.ts";
import type { View } from "../../model/view.ts";
import { IncidentCard, Technical } from "../incidents/card.tsx";

const SEVERITIES = ["critical", "warning", "notice", "info"] as const;
const ROWS_AT_ONCE = 200;
const INCIDENTS_AT_ONCE = 50;

const hidden = signal<ReadonlySet<string>>(new Set());

export function EventsPanel(props: PanelProps) {
  const { model, view } = props;
  const incidents = model.incidents.value;
  const told = useMemo(() => eventsIn(incidents), [incidents]);
  const events = model.events.value.filter(({ id }) => !told.has(id));
  const listed = events.filter((event) => !hidden.value.has(event.severity));
  const shown = runsOf(listed, view.openEvent.value);
  return (
    <section class="panel events" aria-label="Incidents and events">
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
      <div class="event-rows">
        {incidents.length === 0 ? (
          <p class="empty-note">
            No incidents. What lasts and is unusual appears here, with what contributes to it.
          </p>
        ) : (
          <Newest
            rows={incidents}
            at={INCIDENTS_AT_ONCE}
            what="incidents"
            label="Incidents, the newest first"
            draw={(incident) => <IncidentCard key={incident.key} incident={incident} {...props} />}
          />
        )}
        {model.events.value.length === 0 ? null : (
          <>
            <h3 class="log-head">
              Also in the log{" "}
              <span class="count" title="Events in all, with those of incidents">
                {model.events.value.length}
              </span>
            </h3>
            <Newest
              rows={shown}
              at={ROWS_AT_ONCE}
              what="events"
              label="Other events, the newest first"
              draw={({ event, times }) => (
                <EventRow key={event.id} event={event} times={times} nowUs={model.headUs} view={view} />
              )}
            />
          </>
        )}
      </div>
    </section>
  );
}

function toggle(severity: string): void {
  const next = new Set(hidden.value);
  if (!next.delete(severity)) next.add(severity);
  hidden.value = next;
}

/** An event, and how often the same happened right before it. */
interface Run {
  readonly event: EventMessage;
  readonly times: number;
}

/** What happens again and again is one row. The open event has a row of its own. */
function runsOf(events: readonly EventMessage[], open: string | null): readonly Run[] {
  const runs: { event: EventMessage; times: number }[] = [];
  for (const event of events) {
    const run = runs[runs.length - 1];
    if (run !== undefined && event.id !== open && run.event.id !== open && isSame(run.event, event))
      run.times++;
    else runs.push({ event, times: 1 });
  }
  return runs;
}

function isSame(a: EventMessage, b: EventMessage): boolean {
  const same = a.kind === b.kind && a.group === b.group && a.detail["source"] === b.detail["source"];
  return same && REPEATED.has(a.kind);
}

/** Of others each says something new. */
const REPEATED: ReadonlySet<string> = new Set(["feed.gap", "feed.bad-samples", "monitor.degraded"]);

function EventRow({ event, times, nowUs, view }: Run & { nowUs: number; view: View }) {
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
          {times > 1 ? <span class="times"> × {times}</span> : null}
        </span>
        <time dateTime={new Date(event.timeUs / 1000).toISOString()}>
          {event.timeUs > 0 ? moment(event.timeUs, nowUs) : "before data"}
        </time>
        <span class="event-kind">
          <span class="event-severity">{event.severity}</span>
          {event.kind}
          {event.group === "" ? "" : ` · ${event.group}`}
        </span>
      </button>
      {open ? <Technical event={event} /> : null}
    </li>
  );
}
