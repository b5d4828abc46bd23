/** A line above all panels while an alert fires or is about to: what is beyond which level, who cares for it, and what the person can do. */
import "./panel.css";
import type { AlertStatus } from "../../../../protocol/controls.ts";
import { isIncidentId } from "../../../../protocol/incident-id.ts";
import { quantity } from "../../../charts/format.ts";
import { CareActs, careWords } from "../../components/care.tsx";
import { Icon } from "../../components/icon.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { nameOf, stateOf, unitOf } from "../../components/threshold-words.ts";

/** More of them would fill a phone. The dialog of thresholds has them all. */
const MOST_SHOWN = 3;

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
      {failure === "" || view.dialog.value === "thresholds" || isIncidentId(alerts.subject.value) ? null : (
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
        <CareLine alert={alert} headUs={model.headUs} />
      </p>
      {state === "firing" ? (
        <CareActs id={threshold.id} name={nameOf(threshold, model)} care={alert} {...props} />
      ) : null}
    </li>
  );
}

/** What people have done about it. */
function CareLine({ alert, headUs }: { alert: AlertStatus; headUs: number }) {
  const said = [
    ...careWords(alert, headUs),
    ...(alert.fate === "held" ? ["held back by the budget of alerts"] : []),
  ];
  return said.length === 0 ? null : <span class="alert-care"> · {said.join(" · ")}</span>;
}
