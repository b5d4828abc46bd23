/** A line above all panels while an alert fires or is about to: what is beyond which level, who cares for it, and what the person can do. */
import "./panel.css";
import { useState } from "preact/hooks";
import type { AlertStatus } from "../../../../protocol/controls.ts";
import { visibleText } from "../../../../protocol/visible-text.ts";
import { clock, quantity } from "../../../charts/format.ts";
import { Icon } from "../../components/icon.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { nameOf, stateOf, unitOf } from "../../components/threshold-words.ts";

/** More of them would fill a phone. The dialog of thresholds has them all. */
const MOST_SHOWN = 3;

const SNOOZES = [
  { label: "15 min", seconds: 900 },
  { label: "1 h", seconds: 3_600 },
  { label: "8 h", seconds: 28_800 },
] as const;

export function AlertsLine(props: PanelProps) {
  const { alerts, view } = props;
  const active = alerts.active.value;
  const failure = alerts.failure.value;
  if (active.length === 0) return null;
  const more = active.length - MOST_SHOWN;
  return (
    <section class="alerts" aria-label="Alerts">
      <ul>
        {active.slice(0, MOST_SHOWN).map((alert) => (
          <Alert key={alert.threshold.id} alert={alert} {...props} />
        ))}
      </ul>
      {more > 0 ? (
        <button
          type="button"
          class="link"
          onClick={() => {
            view.dialog.value = "thresholds";
          }}
        >
          and {more} more
        </button>
      ) : null}
      {failure === "" || view.dialog.value === "thresholds" ? null : (
        <p class="trouble" role="alert">
          {failure}
        </p>
      )}
    </section>
  );
}

function Alert({ alert, ...props }: PanelProps & { alert: AlertStatus }) {
  const { model } = props;
  model.pulse.value;
  const { threshold, state, value } = alert;
  const unit = unitOf(threshold, model);
  return (
    <li class={`alert is-${threshold.severity} at-${state}`}>
      <Icon name={threshold.severity} size={14} />
      <p>
        <span class="sr">{threshold.severity}: </span>
        <strong>{nameOf(threshold, model)}</strong>{" "}
        {value === null ? null : <b class="alert-value">{quantity(value, unit)}</b>} {threshold.direction}{" "}
        {quantity(threshold.level, unit)} <span class="alert-state">{stateOf(alert, model.headUs)}</span>
        <Care alert={alert} headUs={model.headUs} />
      </p>
      {state === "firing" ? <Acts alert={alert} {...props} /> : null}
    </li>
  );
}

/** What people have done about it. */
function Care({ alert: { acknowledged, assigned, snoozedUntilUs, fate }, headUs }: CareProps) {
  const said = [
    ...(acknowledged === null ? [] : [`acknowledged by ${visibleText(acknowledged.by)}`]),
    ...(assigned === null || assigned.to === "" ? [] : [`${visibleText(assigned.to)} cares for it`]),
    ...(isSnoozed(snoozedUntilUs, headUs) ? [`snoozed until ${clock(snoozedUntilUs!, 60e6)}`] : []),
    ...(fate === "held" ? ["held back by the budget of alerts"] : []),
  ];
  return said.length === 0 ? null : <span class="alert-care"> · {said.join(" · ")}</span>;
}

interface CareProps {
  alert: AlertStatus;
  headUs: number;
}

function isSnoozed(untilUs: number | null, headUs: number): boolean {
  return untilUs !== null && untilUs > headUs;
}

function Acts({ alert, model, controls, alerts, people }: PanelProps & { alert: AlertStatus }) {
  const [choosing, setChoosing] = useState<"person" | "snooze" | null>(null);
  const me = controls.me.value;
  const { acknowledged, assigned, snoozedUntilUs, threshold } = alert;
  const { id } = threshold;
  // A recorded session shows its alerts; nobody can change what people did then.
  if (!controls.supported.value.has("thresholds")) return null;
  const refused = controls.whyNot("thresholds");
  const name = nameOf(threshold, model);
  const act = (words: string, run: () => void) => (
    <button
      type="button"
      key={words}
      class="button"
      disabled={refused !== ""}
      title={refused || undefined}
      aria-label={`${words}: ${name}`}
      onClick={run}
    >
      {words}
    </button>
  );
  const snooze = (seconds: number) => {
    setChoosing(null);
    void alerts.snooze(id, seconds);
  };
  const assign = (to: string) => {
    setChoosing(null);
    void alerts.assign(id, to);
  };
  // A viewer could do nothing about it.
  const others = people.here.value.filter(({ isMe, role }) => !isMe && role !== "viewer");
  const isMine = me !== null && assigned?.to === me.name;
  return (
    <div class="alert-acts">
      {acknowledged === null ? act("Acknowledge", () => void alerts.acknowledge(id)) : null}
      {me === null || isMine ? null : act("Assign to me", () => assign(me.name))}
      {isMine ? act("Not mine", () => assign("")) : null}
      {choosing === "person"
        ? others.map(({ name }) => act(`Assign to ${visibleText(name)}`, () => assign(name)))
        : others.length > 0
          ? act("Assign…", () => setChoosing("person"))
          : null}
      {isSnoozed(snoozedUntilUs, model.headUs)
        ? act("End snooze", () => snooze(0))
        : choosing === "snooze"
          ? SNOOZES.map(({ label, seconds }) => act(`Snooze ${label}`, () => snooze(seconds)))
          : act("Snooze", () => setChoosing("snooze"))}
    </div>
  );
}
