/** Thresholds: which there are and what their alerts do, and a form to set one on a channel. */
import "./panel.css";
import { useState } from "preact/hooks";
import type { AlertStatus } from "../../../../protocol/controls.ts";
import { quantity } from "../../../charts/format.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Icon } from "../../components/icon.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { conditionOf, nameOf, stateOf } from "../../components/threshold-words.ts";
import { freeId } from "../../model/alerts.ts";
import type { Channel } from "../../model/model.ts";
import { SEVERITIES } from "../../model/severities.ts";

export function ThresholdsDialog(props: PanelProps) {
  const { view, alerts } = props;
  const close = () => {
    if (view.dialog.peek() !== "thresholds") return;
    view.dialog.value = null;
    view.threshold.value = null;
    alerts.failure.value = "";
  };
  return (
    <Dialog open={view.dialog.value === "thresholds"} close={close} title="Thresholds" kind="thresholds">
      {() => <Content {...props} close={close} />}
    </Dialog>
  );
}

function Content(props: PanelProps & { close: () => void }) {
  const { controls, view } = props;
  return (
    <div class="thresholds-body">
      <List {...props} />
      {controls.supported.value.has("thresholds") ? (
        <ThresholdForm key={JSON.stringify(view.threshold.value)} {...props} />
      ) : null}
      <PushSwitch {...props} />
    </div>
  );
}

/** Notices in this browser, where the gateway sends them. */
function PushSwitch({ push }: PanelProps) {
  const isOn = push.isOn.value;
  if (push.key.value === null || isOn === null) return null;
  return (
    <div class="push-switch">
      <label>
        <input
          type="checkbox"
          checked={isOn}
          onChange={({ currentTarget }) => void push.switch(currentTarget.checked)}
        />{" "}
        Tell me in this browser, also while the page is closed
      </label>
      {push.failure.value === "" ? null : (
        <p class="trouble" role="alert">
          {push.failure.value}
        </p>
      )}
    </div>
  );
}

function List({ model, alerts, controls, view }: PanelProps) {
  model.pulse.value;
  const all = alerts.all.value;
  const heldBack = alerts.heldBack.value;
  if (all.length === 0) return <p class="hint">There are none yet: nobody is alarmed by a level.</p>;
  const refused = controls.whyNot("thresholds");
  const change = (id: string): void => {
    view.threshold.value = { id };
  };
  const remove = (id: string): void => void alerts.remove(id);
  return (
    <>
      <ul class="threshold-list" aria-label="Thresholds">
        {all.map((alert) => (
          <li key={alert.threshold.id} class={`is-${alert.threshold.severity} at-${alert.state}`}>
            <Icon name={alert.threshold.severity} size={12} />
            <p>
              <span class="sr">{alert.threshold.severity}: </span>
              <strong>{nameOf(alert.threshold, model)}</strong> {conditionOf(alert.threshold, model)}
              <span class="hint"> {stateOf(alert, model.headUs)}</span>
            </p>
            {controls.supported.value.has("thresholds")
              ? Object.entries({ Change: change, Remove: remove }).map(([word, act]) => (
                  <button
                    key={word}
                    type="button"
                    class="button"
                    disabled={refused !== ""}
                    title={refused || undefined}
                    aria-label={`${word} the threshold ${nameOf(alert.threshold, model)} ${conditionOf(alert.threshold, model)}`}
                    onClick={() => act(alert.threshold.id)}
                  >
                    {word}
                  </button>
                ))
              : null}
          </li>
        ))}
      </ul>
      {heldBack > 0 ? <p class="hint">{heldBack} alerts were held back by the budget of a day.</p> : null}
    </>
  );
}

function ThresholdForm({ model, view, controls, alerts, close }: PanelProps & { close: () => void }) {
  const begun = view.threshold.value;
  const changed =
    begun !== null && "id" in begun
      ? alerts.levels.peek().find(({ threshold }) => threshold.id === begun.id)?.threshold
      : undefined;
  const [key, setKey] = useState(
    begun !== null && "channel" in begun
      ? begun.channel
      : (view.chosen.peek()[0] ?? [...model.channelsByKey.keys()][0] ?? ""),
  );
  const [direction, setDirection] = useState<"above" | "below">(changed?.direction ?? "above");
  const [busy, setBusy] = useState(false);
  const failure = alerts.failure.value;
  const refused = controls.whyNot("thresholds");
  const channel = model.channelsByKey.get(key);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (channel === undefined && changed === undefined) return;
    const form = event.currentTarget as HTMLFormElement;
    const number = (name: string) => (form.elements.namedItem(name) as HTMLInputElement).valueAsNumber;
    const clearLevel = number("clearLevel");
    const of = changed?.of ?? { group: channel!.group, channel: channel!.name };
    setBusy(true);
    const isSet = await alerts.set({
      id: changed?.id ?? freeId({ of, direction }, alerts.levels.peek()),
      of,
      direction,
      level: number("level"),
      ...(Number.isNaN(clearLevel) ? {} : { clearLevel }),
      dwellSeconds: number("dwellSeconds") || 0,
      ...(changed === undefined ? {} : { title: changed.title }),
      severity: (form.elements.namedItem("severity") as HTMLSelectElement)
        .value as AlertStatus["threshold"]["severity"],
    });
    setBusy(false);
    if (!isSet) return;
    form.reset();
    view.threshold.value = null;
  };
  return (
    <form class="threshold-form" onSubmit={(event) => void submit(event)}>
      <fieldset
        class="threshold-fields"
        disabled={refused !== ""}
        aria-label={changed === undefined ? "A new threshold" : "The threshold"}
      >
        {changed === undefined ? (
          <label class="field">
            <span>
              Channel <Now channel={channel} />
            </span>
            <select value={key} onChange={({ currentTarget }) => setKey(currentTarget.value)}>
              {model.groups.value.map(({ name, channels }) => (
                <optgroup key={name} label={name}>
                  {channels.map((each) => (
                    <option key={each.key} value={each.key}>
                      {each.title}
                    </option>
                  ))}
                </optgroup>
              ))}
            </select>
          </label>
        ) : (
          <p class="field">
            <span>Changes</span>
            <strong>{nameOf(changed, model)}</strong>
          </p>
        )}
        <fieldset class="field" aria-label="Side of the level">
          <legend>Alarm when it is</legend>
          <div class="segments">
            {(["above", "below"] as const).map((side) => (
              <button
                type="button"
                key={side}
                aria-pressed={side === direction}
                onClick={() => setDirection(side)}
              >
                {side}
              </button>
            ))}
          </div>
        </fieldset>
        <label class="field">
          <span>
            Level <Unit channel={channel} />
          </span>
          <input
            type="number"
            name="level"
            step="any"
            required
            defaultValue={changed?.level ?? (begun !== null && "level" in begun ? begun.level : undefined)}
          />
        </label>
        <label class="field">
          <span>
            Clear level <Unit channel={channel} />
          </span>
          <input
            type="number"
            name="clearLevel"
            step="any"
            placeholder="the level"
            defaultValue={
              changed === undefined || changed.clearLevel === changed.level ? undefined : changed.clearLevel
            }
          />
        </label>
        <label class="field">
          <span>
            For at least <span class="hint">seconds</span>
          </span>
          <input
            type="number"
            name="dwellSeconds"
            step="any"
            min={0}
            defaultValue={changed?.dwellSeconds ?? 0}
          />
        </label>
        <label class="field">
          <span>Severity</span>
          <select name="severity">
            {SEVERITIES.map((severity) => (
              <option key={severity} selected={severity === (changed?.severity ?? "warning")}>
                {severity}
              </option>
            ))}
          </select>
        </label>
      </fieldset>
      <div class="dialog-foot">
        <p class={failure === "" ? "hint" : "trouble"} role={failure === "" ? undefined : "alert"}>
          {failure ||
            refused ||
            "It is for all who watch this session, and in its log. The alert ends at the clear level."}
        </p>
        <button type="button" class="button" onClick={close}>
          Close
        </button>
        <button
          type="submit"
          class="button primary"
          disabled={busy || refused !== "" || (channel === undefined && changed === undefined)}
          title={refused || undefined}
        >
          {changed === undefined ? "Set threshold" : "Change threshold"}
        </button>
      </div>
    </form>
  );
}

function Unit({ channel }: { channel: Channel | undefined }) {
  return channel === undefined || channel.unit === "" ? null : <span class="hint">{channel.unit}</span>;
}

function Now({ channel }: { channel: Channel | undefined }) {
  const value = channel?.series.lastValue ?? Number.NaN;
  if (channel === undefined || Number.isNaN(value)) return null;
  return <span class="hint">now {quantity(value, channel.unit)}</span>;
}
