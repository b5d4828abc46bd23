/** Coherence, purity, entropy and effective rank over time, with events marked. */
import "./panel.css";
import { useState } from "preact/hooks";
import { TimeChart } from "../../../charts/time-chart.ts";
import { ChartBox } from "../../components/chart-box.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { MEASURES } from "../../model/measures.ts";
import { theme } from "../../theme/theme.ts";
import { MeasuresPicture, measureRows } from "./chart.ts";

export function MeasuresPanel(props: PanelProps) {
  const { view, loop } = props;
  const [height, setHeight] = useState(0);
  const rows = measureRows(height);
  return (
    <section class="panel measures" aria-label="Measures of the joint state over time">
      <div class="panel-head">
        <h2>Together or apart</h2>
        <span class="hint">measures of the joint state over time</span>
      </div>
      <figure class="chart" aria-label="Measures over time">
        <ChartBox
          loop={loop}
          kind="chart"
          label="Coherence, purity, entropy and effective rank over time. Arrow keys move a cursor."
          create={(elements) => {
            const chart = new TimeChart(elements, view.window, new MeasuresPicture(props), () =>
              theme.peek(),
            );
            chart.onResize = setHeight;
            return chart;
          }}
        >
          {MEASURES.map((measure, k) => (
            <div
              class={`measure-caption measure-${k + 1}`}
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
