/**
 * One incident: what, since when, how it went on, and why. Pressing it shows its moment in all charts.
 */
import "./card.css";
import { useEffect, useRef } from "preact/hooks";
import type { EventMessage } from "../../../../protocol/messages.ts";
import { visibleText } from "../../../../protocol/visible-text.ts";
import { dateTime, moment } from "../../../charts/format.ts";
import { CareActs, careWords } from "../../components/care.tsx";
import { Icon } from "../../components/icon.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { CopyLink } from "../../components/share.tsx";
import { contributionsOf, fateWords, lasted, sentenceOf, timeWords } from "../../model/incident-words.ts";
import { type Incident, isOngoing } from "../../model/incidents.ts";
import { knownOf } from "../../model/known.ts";

export function IncidentCard({ incident, ...props }: PanelProps & { incident: Incident }) {
  const { model, view } = props;
  const { key, severity, state, channels } = incident;
  const isOpen = view.openIncident.value === key;
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isOpen) row.current?.scrollIntoView({ block: "nearest" });
  }, [isOpen]);
  if (isOngoing(incident)) model.pulse.value;
  const known = knownOf(model);
  const more = channels.length - 1;
  return (
    <li ref={row} class={`incident is-${severity} at-${state}${isOpen ? " open" : ""}`}>
      <button
        type="button"
        class="incident-head"
        aria-expanded={isOpen}
        onClick={() => (isOpen ? view.closeIncident() : view.openIncidentOf(incident))}
      >
        <Icon name={severity} size={13} />
        <span class="incident-title">
          <span class="sr">{severity}: </span>
          {sentenceOf(incident, known)}
        </span>
        <span class="incident-when">
          {timeWords(incident, model.headUs)}
          {state === "open" ? null : <> · {fateWords(incident, known)}</>}
          {isOngoing(incident) ? careWords(incident.care, model.headUs).map((words) => ` · ${words}`) : null}
          {more > 0 && !isOpen ? ` · ${channels.length} channels` : ""}
        </span>
      </button>
      <LifeLine incident={incident} headUs={model.headUs} />
      {isOpen ? <Detail incident={incident} {...props} /> : null}
    </li>
  );
}

const STEPS: Readonly<Record<string, string>> = {
  "incident.opened": "reported",
  "incident.grew": "grew",
  "incident.eased": "eased",
  "incident.closed": "over",
  "incident.accepted": "taken as usual",
};

/** From its begin to its end, or to now: solid while it lasted, with a mark at each step. */
function LifeLine({ incident, headUs }: { incident: Incident; headUs: number }) {
  const { sinceUs, untilUs, steps } = incident;
  const last = steps[steps.length - 1]!.timeUs;
  const endUs = isOngoing(incident) ? Math.max(last, headUs || last) : last;
  const share = (timeUs: number) => `${(100 * place(timeUs, sinceUs, endUs)).toFixed(1)}%`;
  return (
    <div class="life" aria-hidden="true">
      <span class="life-line" style={{ width: share(untilUs ?? endUs) }} />
      {steps.map(({ id, kind, timeUs, title }) => (
        <span
          key={id}
          class={`life-step of-${kind.replace("incident.", "")}`}
          style={{ left: share(timeUs) }}
          title={`${STEPS[kind] ?? visibleText(title)} ${moment(timeUs, headUs)}`}
        />
      ))}
    </div>
  );
}

function place(timeUs: number, fromUs: number, toUs: number): number {
  return toUs > fromUs ? Math.min(1, Math.max(0, (timeUs - fromUs) / (toUs - fromUs))) : 0;
}

function Detail({ incident, ...props }: PanelProps & { incident: Incident }) {
  const { model, view, alerts } = props;
  const { steps, group, key } = incident;
  const failure = alerts.subject.value === key ? alerts.failure.value : "";
  const known = knownOf(model);
  const contributions = contributionsOf(incident, known, model.headUs);
  return (
    <div class="incident-detail">
      {contributions.length === 0 ? null : (
        <table>
          <caption>What contributes most</caption>
          <thead>
            <tr>
              <th scope="col">channel</th>
              <th scope="col">usually</th>
              <th scope="col">{isOngoing(incident) ? "now" : "at its end"}</th>
            </tr>
          </thead>
          <tbody>
            {contributions.map(({ channel, title, before, after }) => (
              <tr key={channel}>
                <th scope="row">{title}</th>
                <td>{before || "not known"}</td>
                <td>{after || "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <ol class="steps" aria-label="How it went on">
        <li>
          <time>{moment(incident.sinceUs, model.headUs)}</time> it began
        </li>
        {steps.map((step) => (
          <li key={step.id}>
            <time>{moment(step.timeUs, model.headUs)}</time> {STEPS[step.kind] ?? visibleText(step.title)}
            {step.kind === "incident.opened" ? `, after ${lasted(step.timeUs - incident.sinceUs)}` : ""}
            {step.severity === "info" ? "" : ` (${step.severity})`}
          </li>
        ))}
      </ol>
      {isOngoing(incident) ? (
        <CareActs id={key} name={`incident ${incident.number}`} care={incident.care} {...props} />
      ) : null}
      {failure === "" || !isOngoing(incident) ? null : (
        <p class="trouble" role="alert">
          {failure}
        </p>
      )}
      <div class="incident-acts">
        <button
          type="button"
          class="button small"
          onClick={() =>
            view.writeNote({ fromUs: incident.sinceUs, untilUs: incident.untilUs ?? model.headUs })
          }
        >
          Note
        </button>
        <CopyLink view={view} words="Copy link" />
      </div>
      <details>
        <summary>technical</summary>
        {[...steps, ...incident.findings].map((event) => (
          <Technical key={event.id} event={event} />
        ))}
        <p class="hint">group {group}</p>
      </details>
    </div>
  );
}

/** An event as it is in the log. */
export function Technical({ event }: { event: EventMessage }) {
  const rows: [string, string][] = [
    ["time", dateTime(event.timeUs)],
    ["kind", event.kind],
    ...(event.channels.length > 0 ? [["channels", event.channels.join(", ")] as [string, string]] : []),
    ...Object.entries(event.detail).map(([key, value]): [string, string] => [key, String(value ?? "–")]),
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
