/** Where the channels of the group go: how steep, how sure, and when they reach a threshold. */
import type { EventMessage } from "../../../../protocol/messages.ts";
import { clock, quantity, span } from "../../../charts/format.ts";
import type { PanelProps } from "../../components/panel-props.ts";
import { type ChannelTrend, significanceWords, trendsOf } from "../../model/trends.ts";

export function TrendsBody({ model, view }: Pick<PanelProps, "model" | "view">) {
  model.pulse.value;
  const { group } = view;
  const trends = group === undefined ? [] : trendsOf(group.joint.last?.measures ?? {}, group.channels);
  const shapes =
    group === undefined
      ? []
      : model.events.value.filter(({ kind, group: of }) => kind === "pattern.found" && of === group.name);
  if (trends.length === 0 && shapes.length === 0)
    return (
      <p class="measure-none hint">
        No trend and no shape is known of this group. They are switched on by the settings trend.enabled and
        patterns.enabled.
      </p>
    );
  return (
    <div class="measure-body">
      {trends.length > 0 ? <Trends trends={trends} /> : null}
      {shapes.length > 0 ? <Shapes shapes={shapes.slice(0, SHAPES_SHOWN)} /> : null}
    </div>
  );
}

const SHAPES_SHOWN = 8;

function Shapes({ shapes }: { shapes: readonly EventMessage[] }) {
  return (
    <>
      <p class="hint">Shapes that were drawn and are not chance. They say nothing of what comes.</p>
      <ul>
        {shapes.map(({ id, title, timeUs }) => (
          <li key={id}>
            <time>{clock(timeUs)}</time> {title}
          </li>
        ))}
      </ul>
    </>
  );
}

function Trends({ trends }: { trends: readonly ChannelTrend[] }) {
  return (
    <>
      <p class="hint">Each as it goes since its last change. A forecast holds while that goes on.</p>
      <div class="measure-scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Channel</th>
              <th scope="col">Moves by</th>
              <th scope="col" title="The slope lies in it with 95 %">
                Interval
              </th>
              <th scope="col" title="Standard errors of the slope from 0; from 2 on it has a direction">
                Significance
              </th>
              <th scope="col" title="The interval holds four times of five">
                Reaches a threshold in
              </th>
            </tr>
          </thead>
          <tbody>
            {trends.map((trend) => (
              <Row key={trend.title} trend={trend} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

const ARROWS: Readonly<Record<number, string>> = { [-1]: "↓ falls", 0: "→ level", 1: "↑ rises" };

function Row({ trend }: { trend: ChannelTrend }) {
  const { title, unit, direction, slope, low, high, every, crossing } = trend;
  return (
    <tr>
      <th scope="row">{title}</th>
      <td>
        {ARROWS[direction]}
        {direction === 0 ? "" : ` ${quantity(Math.abs(slope), unit)} ${a(every)}`}
      </td>
      <td>
        {quantity(low, unit)} to {quantity(high, unit)} {a(every)}
      </td>
      <td>{significanceWords(trend)}</td>
      <td class={crossing === null ? "" : "doubted"}>
        {crossing === null
          ? "–"
          : `${inSeconds(crossing.expected)} (${inSeconds(crossing.low)} to ${inSeconds(crossing.high)})`}
      </td>
    </tr>
  );
}

function a(time: ChannelTrend["every"]): string {
  return time === "hour" ? "an hour" : `a ${time}`;
}

function inSeconds(seconds: number): string {
  return Number.isNaN(seconds) ? "later" : span(Math.max(0, seconds) * 1e6);
}
