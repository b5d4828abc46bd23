/** Coherence, purity, entropy and effective rank over time, with events marked. */
import { useState } from "preact/hooks";
import { ChartBox } from "../../components/chart-box.tsx";
import type { Parts } from "../../components/panel-props.ts";
import { MEASURES } from "../../model/measures.ts";
import { MeasuresChart } from "./chart.ts";

export function MeasuresPanel({ model, view, loop }: Parts) {
  const [height, setHeight] = useState(0);
  const lanes = MeasuresChart.lanes(height);
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
          create={(element, base, over) => {
            const chart = new MeasuresChart(element, base, over, model, view);
            chart.onResize = setHeight;
            return chart;
          }}
        >
          {MEASURES.map((measure, k) => (
            <div
              class={`lane-caption measure-${k + 1}`}
              key={measure.title}
              style={{ top: `${lanes[k]?.top ?? 0}px` }}
            >
              <span class="lane-title" title={measure.help}>
                {measure.title}
              </span>
              <span class="lane-plain">{measure.plain}</span>
            </div>
          ))}
        </ChartBox>
      </figure>
    </section>
  );
}
