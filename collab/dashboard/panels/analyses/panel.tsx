/** What the detectors that are switched on know of the group shown: one at a time. */
import "../../components/list-tabs.css";
import "../../components/measure-table.css";
import "./panel.css";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "../../components/dialog.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { type AnalysisName, analysesIn } from "../../model/analyses.ts";
import { EntanglementBody } from "../entanglement/panel.tsx";
import { ForecastsBody } from "../forecasts/panel.tsx";
import { InterferenceBody } from "../interference/panel.tsx";
import { OpportunityBody } from "../opportunity/panel.tsx";
import { RiskBody } from "../risk/panel.tsx";
import { TrendsBody } from "../trends/panel.tsx";

type BodyProps = Pick<PanelProps, "model" | "view" | "loop">;

const BODIES: Readonly<Record<AnalysisName, (props: BodyProps) => JSX.Element>> = {
  Risk: RiskBody,
  Trends: TrendsBody,
  Forecasts: ForecastsBody,
  Opportunities: OpportunityBody,
  Entanglement: EntanglementBody,
  Interference: InterferenceBody,
};

export function AnalysesDialog({ model, view, loop }: PanelProps) {
  const [chosen, choose] = useState<AnalysisName | null>(null);
  const close = () => {
    view.dialog.value = null;
  };
  return (
    <Dialog
      open={view.dialog.value === "analyses"}
      close={close}
      title="Analyses"
      kind="measures-of-channels"
    >
      {() => <Analyses model={model} view={view} loop={loop} chosen={chosen} choose={choose} />}
    </Dialog>
  );
}

interface AnalysesProps extends BodyProps {
  chosen: AnalysisName | null;
  choose(name: AnalysisName): void;
}

function Analyses({ model, view, loop, chosen, choose }: AnalysesProps) {
  model.pulse.value;
  const known = analysesIn(view.group?.joint.last?.measures ?? {});
  const shown = known.find(({ name }) => name === chosen) ?? known[0];
  if (shown === undefined) return <p class="measure-none hint">Nothing is analysed in this group.</p>;
  const Body = BODIES[shown.name];
  return (
    <>
      <fieldset class="list-tabs analyses-tabs" aria-label="Analysis shown">
        {known.map(({ name, about }) => (
          <button
            type="button"
            key={name}
            aria-pressed={name === shown.name}
            onClick={() => choose(name)}
            title={about}
          >
            {name}
          </button>
        ))}
      </fieldset>
      <Body key={shown.name} model={model} view={view} loop={loop} />
    </>
  );
}
