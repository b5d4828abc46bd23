/** How much moves together over time, with what is usual and in a sentence; on request purity, entropy and effective rank too. */
import "./panel.css";
import { useMemo, useState } from "preact/hooks";
import { TimeChart } from "../../../charts/time-chart.ts";
import { ChartBox } from "../../components/chart-box.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { togetherWords } from "../../model/measure-usual.ts";
import { isDirect, measuresOf, measuresShown, purityWords, seriesOf } from "../../model/measures.ts";
import { type Membership, membershipWords } from "../../model/membership.ts";
import type { Group } from "../../model/model.ts";
import { theme } from "../../theme/theme.ts";
import { MeasuresPicture, measureRows } from "./chart.ts";

/** Of measures, in theme.css. */
const COLOURS = 4;

export function MeasuresPanel(props: PanelProps) {
  const { model, view, loop } = props;
  const [height, setHeight] = useState(0);
  const isAll = view.allMeasures.value;
  // Which measures there are shows with the first state.
  model.pulse.value;
  const joint = view.group?.joint;
  const measures = measuresOf(joint);
  const rows = measureRows(height, measuresShown(joint, isAll));
  const picture = useMemo(() => new MeasuresPicture(props), []);
  return (
    <section class="panel measures" aria-label="Measures of the joint state over time">
      <div class="panel-head">
        <h2>{isDirect(joint) ? "The state over time" : "How much moves together"}</h2>
        <Sentence {...props} picture={picture} />
        <div class="spacer" />
        <button
          type="button"
          class="button small"
          aria-pressed={isAll}
          onClick={() => {
            view.allMeasures.value = !isAll;
          }}
          title={
            isDirect(joint)
              ? "Entropy, coherence and effective rank of the state"
              : "Purity, entropy and effective rank of the joint state"
          }
        >
          {isAll ? "less" : "more"}
        </button>
      </div>
      <figure class="chart" aria-label="Measures over time">
        <ChartBox
          loop={loop}
          kind="chart"
          label="Measures of the joint state over time. Arrow keys move a cursor."
          create={(elements) => {
            const chart = new TimeChart(elements, view.window, picture, () => theme.peek());
            chart.onResize = setHeight;
            return chart;
          }}
        >
          {measures.slice(0, rows.length).map((measure, k) => (
            <div
              class={`measure-caption measure-${(k % COLOURS) + 1}`}
              key={measure.title}
              style={{ top: `${rows[k]?.top ?? 0}px` }}
            >
              <span class="measure-title" title={measure.help}>
                {measure.title}
              </span>
              <span class="measure-plain">{measure.plain}</span>
            </div>
          ))}
        </ChartBox>
      </figure>
    </section>
  );
}

/** Of the moment that is shown. */
function Sentence({ model, view, picture }: PanelProps & { picture: MeasuresPicture }) {
  model.pulse.value;
  const joint = view.group?.joint;
  const series = joint === undefined ? undefined : seriesOf(joint, measuresOf(joint)[0]!);
  if (joint === undefined || series === undefined) return null;
  const atUs = view.momentUs.value;
  const value = atUs === null ? series.lastValue : series.valueBefore(atUs);
  if (isDirect(joint)) return <span class="hint">{purityWords(value, joint.last?.n ?? 1)}</span>;
  const moved = movedWords(picture.membership(), view.group);
  return (
    <span class="hint">
      {togetherWords(value, picture.usual())}
      {moved === "" ? "" : `; ${moved}`}
    </span>
  );
}

/** Which channels joined or left what moves together; "" where none did, or it is not known. */
function movedWords(membership: Membership | null, group: Group | undefined): string {
  const modes = group?.joint.last?.modes;
  if (membership === null || group === undefined || modes === undefined) return "";
  const titles = new Map(group.channels.map(({ name, title }) => [name, title]));
  return membershipWords(membership, (k) => titles.get(modes[k]!) ?? modes[k]!);
}
