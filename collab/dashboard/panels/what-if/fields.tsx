/** The changes of a branch: from when on, which settings, which silent channels, which injection. */
import { useEffect, useState } from "preact/hooks";
import type { InjectableScenario } from "../../../../protocol/controls.ts";
import { Icon } from "../../components/icon.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { form, PATHS, type WhatIfForm } from "./form.ts";

export function WhatIfFields({ model, controls }: Pick<PanelProps, "model" | "controls">) {
  const [scenarios, setScenarios] = useState<readonly InjectableScenario[]>([]);
  useEffect(() => {
    controls.scenarios().then(setScenarios, () => {});
  }, []);
  const now = form.value;
  const change = (part: Partial<WhatIfForm>) => {
    form.value = { ...form.value, ...part };
  };
  return (
    <div class="what-if-fields">
      <div class="moments">
        <label class="field">
          <span>Branch at</span>
          <input
            type="datetime-local"
            step="0.001"
            required
            value={now.at}
            onInput={({ currentTarget }) => change({ at: currentTarget.value })}
          />
        </label>
        <label class="field">
          <span>
            Until <span class="hint">empty: the end</span>
          </span>
          <input
            type="datetime-local"
            step="0.001"
            value={now.until}
            onInput={({ currentTarget }) => change({ until: currentTarget.value })}
          />
        </label>
      </div>
      <Settings set={now.set} change={(set) => change({ set })} />
      <Dropped model={model} drop={now.drop} change={(drop) => change({ drop })} />
      <fieldset class="field">
        <legend>An injected event</legend>
        <div class="pair-of-fields">
          <select
            aria-label="Scenario to inject"
            value={now.scenario}
            onChange={({ currentTarget }) => change({ scenario: currentTarget.value })}
          >
            <option value="">none</option>
            {scenarios.map(({ name, title }) => (
              <option key={name} value={name} title={title}>
                {name}
              </option>
            ))}
          </select>
          <label class="times">
            <span>×</span>
            <input
              type="number"
              aria-label="Strength of the injection"
              min={0.01}
              max={100}
              step="any"
              value={now.strength}
              disabled={now.scenario === ""}
              onInput={({ currentTarget }) => change({ strength: currentTarget.valueAsNumber || 1 })}
            />
          </label>
          {model.groups.value.length < 2 ? null : (
            <select
              aria-label="Group to inject into"
              value={now.group}
              disabled={now.scenario === ""}
              onChange={({ currentTarget }) => change({ group: currentTarget.value })}
            >
              {model.groups.value.map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          )}
        </div>
      </fieldset>
    </div>
  );
}

type SettingRow = WhatIfForm["set"][number];

function Settings({ set, change }: { set: readonly SettingRow[]; change: (set: SettingRow[]) => void }) {
  const put = (at: number, part: Partial<SettingRow>) =>
    change(set.map((row, k) => (k === at ? { ...row, ...part } : row)));
  return (
    <fieldset class="field">
      <legend>Settings</legend>
      <datalist id="setting-paths">
        {PATHS.map((path) => (
          <option key={path} value={path} />
        ))}
      </datalist>
      {set.map((row, k) => (
        <div class="pair-of-fields" key={k}>
          <input
            list="setting-paths"
            placeholder="collapse.falseAlarmsPerDay"
            aria-label={`Path of setting ${k + 1}`}
            value={row.path}
            onInput={({ currentTarget }) => put(k, { path: currentTarget.value })}
          />
          <span aria-hidden="true">=</span>
          <input
            class="short"
            placeholder="value"
            aria-label={`Value of setting ${k + 1}`}
            value={row.value}
            onInput={({ currentTarget }) => put(k, { value: currentTarget.value })}
          />
          {k < set.length - 1 ? null : (
            <button
              type="button"
              class="icon-button"
              aria-label="Add a setting"
              title="Add a setting"
              onClick={() => change([...set, { path: "", value: "" }])}
            >
              <Icon name="plus" size={14} />
            </button>
          )}
        </div>
      ))}
    </fieldset>
  );
}

interface DroppedProps extends Pick<PanelProps, "model"> {
  drop: readonly string[];
  change: (drop: string[]) => void;
}

function Dropped({ model, drop, change }: DroppedProps) {
  const channels = model.groups.value.flatMap((group) => group.channels);
  return (
    <fieldset class="field">
      <legend>Silenced channels</legend>
      <div class="pair-of-fields wrap">
        {drop.map((key) => (
          <button
            type="button"
            class="chip"
            key={key}
            onClick={() => change(drop.filter((other) => other !== key))}
            aria-label={`Keep ${key}`}
          >
            {key}
            <Icon name="close" size={10} />
          </button>
        ))}
        <select
          aria-label="Channel to silence"
          value=""
          onChange={({ currentTarget }) => {
            if (currentTarget.value !== "") change([...drop, currentTarget.value]);
            currentTarget.value = "";
          }}
        >
          <option value="">{drop.length === 0 ? "none" : "add…"}</option>
          {channels
            .filter(({ key }) => !drop.includes(key))
            .map(({ key, title, group }) => (
              <option key={key} value={key}>
                {title} ({group})
              </option>
            ))}
        </select>
      </div>
    </fieldset>
  );
}
