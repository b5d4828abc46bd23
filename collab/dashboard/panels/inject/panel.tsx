/** Injects a synthetic event into channels of the running session: which event, how strong, where, how long. */
import "./panel.css";
import { useEffect, useState } from "preact/hooks";
import type { InjectableScenario } from "../../../../protocol/controls.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Icon } from "../../components/icon.tsx";
import type { PanelProps } from "../../components/panel-props.ts";

const DURATIONS = [
  { label: "30 s", seconds: 30 },
  { label: "1 min", seconds: 60 },
  { label: "5 min", seconds: 300 },
  { label: "15 min", seconds: 900 },
] as const;

export function InjectDialog(props: PanelProps) {
  const { view } = props;
  const close = () => {
    if (view.dialog.peek() === "inject") view.dialog.value = null;
  };
  return (
    <Dialog
      open={view.dialog.value === "inject"}
      close={close}
      title="Inject a synthetic event"
      kind="inject"
    >
      {() => <InjectForm {...props} close={close} />}
    </Dialog>
  );
}

function InjectForm({ model, view, controls, close }: PanelProps & { close: () => void }) {
  const [scenarios, setScenarios] = useState<readonly InjectableScenario[]>([]);
  const [scenario, setScenario] = useState("");
  const [strength, setStrength] = useState(1);
  const [groupName, setGroup] = useState(view.groupName.peek());
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [seconds, setSeconds] = useState(60);
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    controls.scenarios().then(
      (list) => {
        setScenarios(list);
        setScenario((was) => (was === "" ? (list[0]?.name ?? "") : was));
      },
      (error: Error) => setFailure(error.message),
    );
  }, []);
  const channels = model.group(groupName)?.channels ?? [];
  const chosen = channels.filter(({ name }) => !left.has(name)).map(({ name }) => name);
  const inject = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setFailure("");
    const some = chosen.length < channels.length ? { channels: chosen } : {};
    try {
      const request = { scenario, strength, group: groupName, durationSeconds: seconds, ...some };
      await controls.inject(request, model.group(groupName)?.partition);
      view.follow();
      close();
    } catch (error) {
      setFailure((error as Error).message);
      setBusy(false);
    }
  };
  const toggle = (name: string) => {
    const next = new Set(left);
    if (!next.delete(name)) next.add(name);
    setLeft(next);
  };
  return (
    <form class="inject-form" onSubmit={inject}>
      <fieldset class="scenario-list" aria-label="Scenario">
        {scenarios.map(({ name, title, family }) => (
          <label key={name} class={name === scenario ? "scenario chosen" : "scenario"}>
            <input
              type="radio"
              name="scenario"
              value={name}
              checked={name === scenario}
              onChange={() => setScenario(name)}
            />
            <span class="scenario-name">{name}</span>
            <span class="scenario-family">{family}</span>
            <span class="scenario-title">{title}</span>
          </label>
        ))}
      </fieldset>
      <div class="inject-where">
        <Strength value={strength} change={setStrength} />
        <fieldset class="field">
          <legend>How long</legend>
          <div class="segments">
            {DURATIONS.map((each) => (
              <button
                type="button"
                key={each.label}
                aria-pressed={each.seconds === seconds}
                onClick={() => setSeconds(each.seconds)}
              >
                {each.label}
              </button>
            ))}
          </div>
        </fieldset>
        <label class="field">
          <span>Group</span>
          <select
            value={groupName}
            onChange={({ currentTarget }) => {
              setGroup(currentTarget.value);
              setLeft(new Set());
            }}
          >
            {model.groups.value.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <fieldset class="field channels-field">
          <legend>
            Channels{" "}
            <span class="count">
              {chosen.length === channels.length ? "all" : `${chosen.length} of ${channels.length}`}
            </span>
            <button
              type="button"
              class="link"
              onClick={() =>
                setLeft(chosen.length === 0 ? new Set() : new Set(channels.map(({ name }) => name)))
              }
            >
              {chosen.length === 0 ? "all" : "none"}
            </button>
          </legend>
          <div class="channel-boxes">
            {channels.map(({ name, title }) => (
              <label key={name}>
                <input type="checkbox" checked={!left.has(name)} onChange={() => toggle(name)} />
                <span>{title}</span>
              </label>
            ))}
          </div>
        </fieldset>
      </div>
      <div class="dialog-foot">
        <p class={failure === "" ? "hint" : "trouble"} role={failure === "" ? undefined : "alert"}>
          {failure === ""
            ? "The session records the changed data. Its log and every chart mark the injection."
            : failure}
        </p>
        <button type="button" class="button" onClick={close}>
          Cancel
        </button>
        <button
          type="submit"
          class="button primary warn"
          disabled={busy || scenario === "" || chosen.length === 0}
        >
          <Icon name="inject" size={14} />
          Inject
        </button>
      </div>
    </form>
  );
}

/** The slider moves in powers of two, with the usual strength in the middle. */
function Strength({ value, change }: { value: number; change: (value: number) => void }) {
  return (
    <label class="field">
      <span>
        Strength <b>×{value}</b>
      </span>
      <input
        type="range"
        min={-3}
        max={3}
        step={1}
        value={Math.log2(value)}
        aria-valuetext={`${value} times the usual`}
        onInput={({ currentTarget }) => change(2 ** currentTarget.valueAsNumber)}
      />
      <span class="hint">in units of each channel's own noise; ×1 is the usual size</span>
    </label>
  );
}
