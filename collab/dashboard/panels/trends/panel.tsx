/** Where the channels of the group go: how steep, how sure, and when they reach a threshold. */
import "../../components/measure-table.css";
import { quantity, span } from "../../../charts/format.ts";
import { Dialog } from "../../components/dialog.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { type ChannelTrend, trendsOf } from "../../model/trends.ts";

export function TrendsDialog({ model, view }: PanelProps) {
  const close = () => {
    view.dialog.value = null;
  };
  return (
    <Dialog
      open={view.dialog.value === "trends"}
      close={close}
      title="Where the channels go"
      kind="measures-of-channels"
    >
      {() => <Body model={model} view={view} />}
    </Dialog>
  );
}

function Body({ model, view }: Pick<PanelProps, "model" | "view">) {
  model.pulse.value;
  const { group } = view;
  const trends = group === undefined ? [] : trendsOf(group.joint.last?.measures ?? {}, group.channels);
  if (trends.length === 0)
    return (
      <p class="measure-none hint">
        No trend is known of this group. It is switched on by the setting trend.enabled.
      </p>
    );
  return (
    <div class="measure-body">
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
    </div>
  );
}

const ARROWS: Readonly<Record<number, string>> = { [-1]: "↓ falls", 0: "→ level", 1: "↑ rises" };

function Row({ trend }: { trend: ChannelTrend }) {
  const { title, unit, direction, slope, low, high, every, significance, crossing } = trend;
  return (
    <tr>
      <th scope="row">{title}</th>
      <td>
        {ARROWS[direction]}
        {direction === 0 ? "" : ` ${quantity(Math.abs(slope), unit)} a ${every}`}
      </td>
      <td>
        {quantity(low, unit)} to {quantity(high, unit)} a {every}
      </td>
      <td>{significance.toFixed(1)}</td>
      <td class={crossing === null ? "" : "doubted"}>
        {crossing === null
          ? "–"
          : `${inSeconds(crossing.expected)} (${inSeconds(crossing.low)} to ${inSeconds(crossing.high)})`}
      </td>
    </tr>
  );
}

function inSeconds(seconds: number): string {
  return Number.isNaN(seconds) ? "later" : span(Math.max(0, seconds) * 1e6);
}
