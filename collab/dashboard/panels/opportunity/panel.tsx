/** Prices of the group that are tied and came apart, ways round through markets, and how long each lasted. It reports; nothing here trades. */
import "./panel.css";
import { clock, span } from "../../../charts/format.ts";
import type { PanelProps } from "../../components/panel-props.ts";
import { type Opportunities, opportunitiesOf } from "../../model/opportunity.ts";

export function OpportunityBody({ model, view }: Pick<PanelProps, "model" | "view">) {
  model.pulse.value;
  const { group } = view;
  const measures = group?.joint.last?.measures ?? {};
  const found = group === undefined ? null : opportunitiesOf(measures, model.events.value, group.name);
  if (found === null)
    return <p class="measure-none hint">None are looked for: the setting opportunity.enabled does.</p>;
  return (
    <div class="measure-body opportunity">
      <p class="hint">
        {found.tested === 0
          ? "Pairs are not tested yet."
          : `${found.tied} of ${found.tested} pairs are tied; one in ten of those by chance, on average.`}
      </p>
      <Pairs pairs={found.pairs} />
      <ul>
        {found.seen.map(({ id, title, sinceUs, lastedUs }) => (
          <li key={id}>
            <span class="opportunity-time">
              {clock(sinceUs)}, {lastedUs === null ? "goes on" : span(lastedUs)}
            </span>
            {title}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Pairs({ pairs }: Pick<Opportunities, "pairs">) {
  if (pairs.length === 0) return null;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Pair</th>
          <th scope="col" title="How far apart they are, in standard deviations of their usual distance">
            Deviations
          </th>
          <th scope="col" title="The time in which half of that goes, on average">
            Half-life
          </th>
          <th scope="col" title="What that brings on average, after four trades">
            Worth
          </th>
        </tr>
      </thead>
      <tbody>
        {pairs.map(({ names, z, halfLifeSeconds, edge }) => (
          <tr key={names}>
            <th scope="row">{names.replace("~", " and ")}</th>
            <td>{z.toFixed(2)}</td>
            <td>{Number.isNaN(halfLifeSeconds) ? "–" : span(halfLifeSeconds * 1e6)}</td>
            <td>{(100 * edge).toFixed(3)} %</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
