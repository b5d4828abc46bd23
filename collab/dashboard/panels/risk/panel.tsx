/** What the channels of the group may lose with their next move, how far to believe it, and what they do together. */
import type { PanelProps } from "../../components/panel-props.ts";
import { type ChannelRisk, type GroupRisk, riskOf } from "../../model/risk.ts";

export function RiskBody({ model, view }: Pick<PanelProps, "model" | "view">) {
  model.pulse.value;
  const { group } = view;
  const risk = group === undefined ? null : riskOf(group.joint.last?.measures ?? {}, group.channels);
  if (risk === null || risk.channels.length === 0)
    return (
      <p class="measure-none hint">
        No risk is known of this group. It is switched on by the setting risk.enabled.
      </p>
    );
  const levels = risk.channels.find((channel) => channel.levels.length > 0)?.levels ?? [];
  return (
    <div class="measure-body">
      <Together risk={risk} />
      <div class="measure-scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Channel</th>
              <th scope="col" title="The usual size of a move now">
                Volatility
              </th>
              {levels.map(({ percent }) => (
                <th
                  scope="col"
                  key={percent}
                  title={`Value at risk at ${percent} %: a loss that one move in ${Math.round(100 / (100 - percent))} exceeds, then the expected shortfall: how large those are on average`}
                >
                  VaR {percent} %, ES
                </th>
              ))}
              <th
                scope="col"
                title="1: losses exceed the values at risk as often as they should; less where a back-test speaks against it; 0: violated"
              >
                Confidence
              </th>
              <th scope="col" title="How far it is below its peak, and how far it ever was">
                Drawdown, most
              </th>
            </tr>
          </thead>
          <tbody>
            {risk.channels.map((channel) => (
              <Row key={channel.title} channel={channel} columns={levels.length} />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function Row({ channel, columns }: { channel: ChannelRisk; columns: number }) {
  const { title, volatility, levels, drawdown, drawdownMax } = channel;
  // The least that is known.
  const confidence = levels.reduce(
    (least, level) => (level.confidence < least || Number.isNaN(least) ? level.confidence : least),
    Number.NaN,
  );
  return (
    <tr>
      <th scope="row">{title}</th>
      <td>{percent(volatility)}</td>
      {Array.from({ length: columns }, (_, k) => (
        <td key={k}>
          {percent(levels[k]?.value ?? Number.NaN)}, {percent(levels[k]?.shortfall ?? Number.NaN)}
        </td>
      ))}
      <td class={confidence < 1 ? "doubted" : ""}>
        {Number.isNaN(confidence) ? "–" : confidence.toFixed(2)}
      </td>
      <td>
        {percent(drawdown)}, {percent(drawdownMax)}
      </td>
    </tr>
  );
}

function Together({ risk: { turbulence, absorption, absorptionShift } }: { risk: GroupRisk }) {
  if (Number.isNaN(turbulence) && Number.isNaN(absorption)) return null;
  const shift = Number.isNaN(absorptionShift)
    ? ""
    : `, ${Math.abs(absorptionShift).toFixed(1)} standard deviations ${absorptionShift < 0 ? "below" : "above"} usual`;
  return (
    <p class="hint">
      Together: turbulence {Number.isNaN(turbulence) ? "not known yet" : `${turbulence.toFixed(1)} × usual`}
      {Number.isNaN(absorption) ? "" : `; few patterns absorb ${(100 * absorption).toFixed(0)} %${shift}`}
    </p>
  );
}

function percent(share: number): string {
  if (Number.isNaN(share)) return "–";
  const value = 100 * share;
  return `${value.toFixed(Math.abs(value) < 1 ? 3 : 2)} %`;
}
