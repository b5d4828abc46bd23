/** How the chart of signals shows values and times: the scale, candles for prices, the zone. */
import { useState } from "preact/hooks";
import { isZone } from "../../../charts/zone.ts";
import { Menu } from "../../components/menu.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { SCALES } from "../../model/view.ts";

/** Offered beside all others: where much is traded. */
const EXCHANGES = [
  "America/New_York",
  "America/Chicago",
  "Europe/London",
  "Europe/Berlin",
  "Asia/Tokyo",
  "Asia/Hong_Kong",
];

export function ChartMenu({ model, view }: Pick<PanelProps, "model" | "view">) {
  const hasPrices = model.groups.value.some(({ channels }) => channels.some(({ tick }) => tick !== null));
  return (
    <Menu
      label="Scale and times"
      title="Scale of the chart, zone of its times"
      icon="scale"
      kind="chart-menu"
    >
      <fieldset>
        <legend>Values</legend>
        {SCALES.map(({ name, title }) => (
          <label key={name}>
            <input
              type="radio"
              name="chart-scale"
              checked={view.scale.value === name}
              onChange={() => {
                view.scale.value = name;
              }}
            />
            {title}
          </label>
        ))}
      </fieldset>
      {hasPrices ? (
        <fieldset>
          <legend>Prices</legend>
          {[false, true].map((isCandles) => (
            <label key={String(isCandles)}>
              <input
                type="radio"
                name="chart-prices"
                checked={view.isCandles.value === isCandles}
                onChange={() => {
                  view.isCandles.value = isCandles;
                }}
              />
              {isCandles ? "Candles, with volume where it is known" : "Lines"}
            </label>
          ))}
        </fieldset>
      ) : null}
      <Zones view={view} />
    </Menu>
  );
}

/** That of the machine, UTC, or one by its name. */
function Zones({ view }: Pick<PanelProps, "view">) {
  const zone = view.zone.value;
  const isNamed = zone !== "local" && zone !== "UTC";
  const [name, setName] = useState(isNamed ? zone : "");
  const choose = (value: string) => {
    view.zone.value = value;
  };
  const known = name === "" || isZone(name);
  return (
    <fieldset>
      <legend>Times</legend>
      {[
        ["local", "Of this computer"],
        ["UTC", "UTC"],
      ].map(([value = "", title]) => (
        <label key={value}>
          <input type="radio" name="chart-zone" checked={zone === value} onChange={() => choose(value)} />
          {title}
        </label>
      ))}
      <label>
        <input
          type="radio"
          name="chart-zone"
          checked={isNamed}
          disabled={name === "" || !known}
          onChange={() => choose(name)}
          aria-label="Of the exchange below"
        />
        Of an exchange
      </label>
      <input
        type="text"
        list="chart-zones"
        placeholder="America/New_York"
        aria-label="Zone of the exchange, by its IANA name"
        aria-invalid={!known}
        value={name}
        onInput={({ currentTarget: { value } }) => {
          setName(value);
          if (value !== "" && isZone(value)) choose(value);
        }}
      />
      <datalist id="chart-zones">
        {EXCHANGES.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
      {known ? null : <p class="hint">No such zone. Expected a name such as America/New_York.</p>}
    </fieldset>
  );
}
