/** Who moves with whom beyond chance: a graph of the pairs, and the strongest of them. */
import "./panel.css";
import type { PanelProps } from "../../components/panel-props.ts";
import { isDirect } from "../../model/measures.ts";
import { concurrenceRange, type Edge, type PairGraph, pairGraphOf } from "../../model/pair-graph.ts";
import type { StateHistory } from "../../model/state-history.ts";

const MOST_LISTED = 8;

export function EntanglementBody({ model, view }: Pick<PanelProps, "model" | "view">) {
  model.pulse.value;
  const { group } = view;
  const joint = group?.joint;
  const graph =
    group === undefined || joint?.last == null
      ? null
      : pairGraphOf(joint.last.measures, group.channels, { re: joint.re, im: joint.im });
  if (graph === null || joint?.last == null)
    return (
      <p class="measure-none hint">
        Nothing is known of the pairs of this group. It is switched on by the setting entanglement.enabled.
      </p>
    );
  const { measures } = joint.last;
  const number = (name: string) => measures[`entanglement.${name}`]?.toFixed(3) ?? "–";
  return (
    <div class="measure-body entanglement">
      <p class="hint">
        {isDirect(joint)
          ? "Exact, of the state that was sent"
          : "Single-excitation reading of channels: no claim about particles"}
        . Concurrence is twice the size of what two channels have in common. {graph.edges.length} of{" "}
        {(graph.nodes.length * (graph.nodes.length - 1)) / 2} pairs beyond chance; negativity{" "}
        {number("negativity")}, block coherence {number("blockCoherence")} nats.
      </p>
      <Graph graph={graph} />
      <Strongest graph={graph} history={joint.history} />
    </div>
  );
}

const SIZE = 420;
const RADIUS = 150;
/** Radii of dots that share nothing, and everything. */
const LEAST_DOT = 4;
const MORE_DOT = 12;

function Graph({ graph: { nodes, edges } }: { graph: PairGraph }) {
  const turn = (k: number) => (2 * Math.PI * k) / nodes.length - Math.PI / 2;
  const x = (k: number, radius = RADIUS) => SIZE / 2 + radius * Math.cos(turn(k));
  const y = (k: number, radius = RADIUS) => SIZE / 2 + radius * Math.sin(turn(k));
  const most = edges[0]?.concurrence ?? 1;
  return (
    <svg
      viewBox={`-60 0 ${SIZE + 120} ${SIZE}`}
      role="img"
      aria-label={`Graph of ${edges.length} pairs beyond chance`}
    >
      {edges.map(({ i, j, concurrence, degrees }) => (
        <line
          key={`${i} ${j}`}
          class={Math.abs(degrees) > 90 ? "edge opposite" : "edge"}
          x1={x(i)}
          y1={y(i)}
          x2={x(j)}
          y2={y(j)}
          stroke-width={1 + (5 * concurrence) / most}
          stroke-opacity={0.25 + (0.65 * concurrence) / most}
        >
          <title>{`${nodes[i]!.title} – ${nodes[j]!.title}: concurrence ${concurrence.toFixed(3)}, ${Math.round(degrees)}°`}</title>
        </line>
      ))}
      {nodes.map(({ title, share }, k) => (
        <g key={title}>
          <circle class="node" cx={x(k)} cy={y(k)} r={LEAST_DOT + MORE_DOT * Math.sqrt(share)}>
            <title>{`${title} has ${(100 * share).toFixed(0)} % of what it can have in common with others`}</title>
          </circle>
          <text
            x={x(k, RADIUS + 24)}
            y={y(k, RADIUS + 24)}
            text-anchor={anchorOf(Math.cos(turn(k)))}
            dominant-baseline="middle"
          >
            {title}
          </text>
        </g>
      ))}
    </svg>
  );
}

function anchorOf(cosine: number): "start" | "middle" | "end" {
  if (Math.abs(cosine) < 0.2) return "middle";
  return cosine > 0 ? "start" : "end";
}

function Strongest({ graph: { nodes, edges }, history }: { graph: PairGraph; history: StateHistory | null }) {
  if (edges.length === 0) return null;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Strongest pairs</th>
          <th scope="col">Concurrence</th>
          <th scope="col" title="In the states that this page keeps">
            Least, most
          </th>
          <th scope="col">Phase</th>
        </tr>
      </thead>
      <tbody>
        {edges.slice(0, MOST_LISTED).map((edge) => (
          <tr key={`${edge.i} ${edge.j}`}>
            <th scope="row">
              {nodes[edge.i]!.title} – {nodes[edge.j]!.title}
            </th>
            <td>{edge.concurrence.toFixed(3)}</td>
            <td>{rangeOf(edge, history)}</td>
            <td>{Math.round(edge.degrees)}°</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function rangeOf({ i, j }: Edge, history: StateHistory | null): string {
  if (history === null || history.kept === 0) return "–";
  return concurrenceRange(history, i, j)
    .map((value) => value.toFixed(3))
    .join(", ");
}
