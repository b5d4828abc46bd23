/** What comes next in the channels and the state of the group, and whether that is more than anybody could say. */
import { quantity } from "../../../charts/format.ts";
import type { PanelProps } from "../../components/panel-props.ts";
import {
  type ChannelForecast,
  forecastsOf,
  type GroupForecasts,
  type Judged,
  percent,
  skillWords,
} from "../../model/forecasts.ts";

export function ForecastsBody({ model, view }: Pick<PanelProps, "model" | "view">) {
  model.pulse.value;
  const { group } = view;
  const forecasts =
    group === undefined ? null : forecastsOf(group.joint.last?.measures ?? {}, group.channels);
  if (forecasts === null)
    return (
      <p class="measure-none hint">
        Nothing is foretold of this group. It is switched on by the setting prediction.enabled.
      </p>
    );
  return (
    <div class="measure-body">
      <p class="hint">
        Skill is how much less squared error a forecast has than the better of “as now” and “as on average”.
        No skill: the difference may be chance.
      </p>
      <States forecasts={forecasts} />
      <div class="measure-scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Channel</th>
              <th scope="col" title="The mean of the next step">
                Next
              </th>
              <th
                scope="col"
                title="The mean of the next step lies in it as often as the coverage says; single values spread further"
              >
                Band
              </th>
              <th scope="col" title="Share of the last thousand values that were in their bands">
                Coverage
              </th>
              <th scope="col">Skill</th>
              <th
                scope="col"
                title="Mean loss beyond that of the expert that was best, in squares of a usual step"
              >
                Regret
              </th>
              <th scope="col" title="The experts that are believed, with their weights">
                Believed
              </th>
            </tr>
          </thead>
          <tbody>
            {forecasts.channels.map((channel) => (
              <Row key={channel.key} channel={channel} />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function Row({ channel }: { channel: ChannelForecast }) {
  const { title, unit, value, low, high, coverage, regret, judged } = channel;
  return (
    <tr>
      <th scope="row">{title}</th>
      <td>{quantity(value, unit)}</td>
      <td>{Number.isNaN(low) ? "–" : `${quantity(low, unit)} to ${quantity(high, unit)}`}</td>
      <td>{percent(coverage)}</td>
      <td title={statisticWords(judged)}>{skillWords(judged)}</td>
      <td>{Number.isNaN(regret) ? "–" : regret.toFixed(3)}</td>
      <td>{believedWords(judged)}</td>
    </tr>
  );
}

function States({ forecasts: { states } }: { forecasts: GroupForecasts }) {
  return (
    <>
      {states.map(({ horizon, overLast, judged }) => (
        <p class="hint" key={horizon} title={statisticWords(judged)}>
          The state {horizon === "next" ? "one row" : "a block of rows"} ahead: {skillWords(judged)} beside
          the best average of states, {percent(overLast)} less than “as the last one”, which is mostly noise;
          believed: {believedWords(judged)}
        </p>
      ))}
    </>
  );
}

function statisticWords({ skill, dieboldMariano }: Judged): string {
  const significant = dieboldMariano < -1.96 ? "" : ", which may be chance";
  return Number.isNaN(skill)
    ? ""
    : `measured ${percent(skill)}, Diebold–Mariano ${dieboldMariano.toFixed(2)}${significant}`;
}

function believedWords({ believed }: Judged): string {
  return believed.map(([name, weight]) => `${name} ${percent(weight)}`).join(", ");
}
