/** What comes next in the channels and the state of the group, and whether that is more than anybody could say. */
import { quantity } from "../../../charts/format.ts";
import type { PanelProps } from "../../components/panel-props.ts";
import {
  type ChannelForecast,
  forecastsOf,
  type GroupForecasts,
  type Judged,
  percent,
  type StateForecast,
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
        Nothing is foretold of this group. It is switched on by the setting prediction.enabled; whole states
        need two to four levels and equal steps.
      </p>
    );
  return (
    <div class="measure-body">
      <p class="hint">
        Skill is how much less squared error a forecast has than the better of “as now” and “as on average”.
        No skill: the difference may be chance.
      </p>
      <States forecasts={forecasts} levels={group?.channels ?? []} />
      {forecasts.channels.length > 0 && <Channels forecasts={forecasts} />}
    </div>
  );
}

function Channels({ forecasts }: { forecasts: GroupForecasts }) {
  return (
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

function States({
  forecasts: { states },
  levels,
}: {
  forecasts: GroupForecasts;
  levels: readonly { readonly name: string }[];
}) {
  return (
    <>
      {states.map((state) => (
        <p class="hint" key={state.horizon} title={statisticWords(state.judged)}>
          {state.whole === null ? mixtureWords(state) : motionWords(state, state.whole, levels)}
        </p>
      ))}
    </>
  );
}

function mixtureWords({ horizon, overLast, judged }: StateForecast): string {
  const ahead = horizon === "next" ? "one row" : "a block of rows";
  return `The state ${ahead} ahead: ${skillWords(judged)} beside the best average of states, ${percent(overLast)} less than “as the last one”, which is mostly noise; believed: ${believedWords(judged)}`;
}

function motionWords(
  { judged }: StateForecast,
  { steps, populations }: NonNullable<StateForecast["whole"]>,
  levels: readonly { readonly name: string }[],
): string {
  const ahead = steps === 1 ? "one step" : `${steps} steps`;
  const foretold = levels.map(({ name }, i) => `${name} ${percent(populations[i]!)}`).join(", ");
  return `The state ${ahead} ahead by its motion: ${skillWords(judged)} beside “as the last one” and any average of states; populations ${foretold}`;
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
