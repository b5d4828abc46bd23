/** The fringes of a pair of channels in time, how deep they are, whether their phase keeps still or beats, and the frequencies of both and of their sum. */
import "./panel.css";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { TimeChart } from "../../../charts/time-chart.ts";
import { ChartBox } from "../../components/chart-box.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { fringes, interferingPairs } from "../../model/pair-graph.ts";
import { theme } from "../../theme/theme.ts";
import { SpectrumPicture } from "./spectrum.ts";

const COLUMNS = 240;
const ROWS = 64;
/** Rayleigh's p-value below which a phase is said to keep still, or to beat. */
const SIGNIFICANT = 0.01;

export function InterferenceBody({ model, view, loop }: Pick<PanelProps, "model" | "view" | "loop">) {
  model.pulse.value;
  const [chosen, choose] = useState("");
  const canvas = useRef<HTMLCanvasElement>(null);
  const { group } = view;
  const joint = group?.joint;
  const measures = joint?.last?.measures ?? {};
  const channels = group?.channels ?? [];
  const pairs = interferingPairs(measures, channels);
  const pair = pairs.find(({ of }) => of === chosen) ?? pairs[0];
  const history = joint?.history ?? null;
  useEffect(() => {
    if (canvas.current === null || pair === undefined || history === null) return;
    draw(canvas.current, fringes(history, pair.i, pair.j, COLUMNS, ROWS));
  });
  if (pair === undefined)
    return (
      <p class="measure-none hint">
        Nothing is known of the pairs of this group. It is switched on by the setting interference.enabled.
      </p>
    );
  const title = (k: number) => channels[k]!.title || channels[k]!.name;
  return (
    <div class="measure-body interference">
      <label>
        Pair{" "}
        <select value={pair.of} onChange={(event) => choose(event.currentTarget.value)}>
          {pairs.map(({ i, j, of }) => (
            <option key={of} value={of}>
              {title(i)} – {title(j)}
            </option>
          ))}
        </select>
      </label>
      <canvas
        class="fringes"
        ref={canvas}
        width={COLUMNS}
        height={ROWS}
        role="img"
        aria-label={`Fringes of ${title(pair.i)} and ${title(pair.j)} in time`}
      />
      <p class="hint">
        Left to right: the last {history?.kept ?? 0} states. Up: one channel turned by −180° to 180°; bright
        where both add up, dark where they cancel. Grey all over: no fringes.
      </p>
      <p>{words(measures, pair.of)}</p>
      <Spectrum key={pair.of} model={model} view={view} loop={loop} pair={pair} title={title} />
    </div>
  );
}

interface SpectrumProps extends Pick<PanelProps, "model" | "view" | "loop"> {
  readonly pair: { readonly i: number; readonly j: number };
  title(channel: number): string;
}

/** Of either channel, or of what both give together beyond the sum of each. */
function Spectrum({ view, loop, pair: { i, j }, title }: SpectrumProps) {
  const picture = useMemo(() => new SpectrumPicture(), []);
  const [chosen, choose] = useState(0);
  const [words, say] = useState("");
  picture.onWords = say;
  const group = view.group;
  const history = group?.joint.history;
  const sources = [
    { name: title(i), series: group?.channels[i]?.series ?? null },
    { name: title(j), series: group?.channels[j]?.series ?? null },
    { name: "Interference term", series: history?.interferenceOf(i, j) ?? null },
  ];
  const { name, series } = sources[chosen]!;
  picture.show(`${i}~${j} ${chosen}`, series);
  return (
    <>
      <label>
        Spectrum of{" "}
        <select
          class="frequencies-of"
          value={String(chosen)}
          onChange={(event) => choose(Number(event.currentTarget.value))}
        >
          {sources.map(({ name: each }, k) => (
            <option key={each} value={String(k)}>
              {each}
            </option>
          ))}
        </select>
      </label>
      <figure class="chart frequencies" aria-label={`Spectrum of ${name}`}>
        <ChartBox
          loop={loop}
          kind="chart"
          label={`Frequency against time of ${name}. Arrow keys move a cursor.`}
          create={(elements) => new TimeChart(elements, view.window, picture, () => theme.peek())}
        />
      </figure>
      <p class="frequencies-words">
        {name}: {words}
      </p>
    </>
  );
}

function words(measures: Readonly<Record<string, number>>, of: string): string {
  const number = (name: string, digits = 2) => measures[`interference.${name}.${of}`]?.toFixed(digits) ?? "–";
  const beat = measures[`interference.beatHz.${of}`] ?? 0;
  const isChance = !((measures[`interference.rayleigh.${of}`] ?? 1) < SIGNIFICANT);
  const still = beat === 0 ? "the phase keeps still" : `a beat of ${Math.abs(beat).toPrecision(3)} Hz`;
  const motion = isChance ? "no more than chance" : still;
  return `Visibility ${number("visibility")}, which-way knowledge ${number("whichWay")}. Stability of the phase ${number("stability")} (Rayleigh p ${number("rayleigh", 4)}): ${motion}.`;
}

/** Grey levels; θ grows upwards. */
function draw(canvas: HTMLCanvasElement, values: Float32Array): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  const image = context.createImageData(COLUMNS, ROWS);
  for (let r = 0; r < ROWS; r++)
    for (let c = 0; c < COLUMNS; c++) {
      const grey = Math.round(255 * Math.max(0, Math.min(1, values[(ROWS - 1 - r) * COLUMNS + c]!)));
      image.data.set([grey, grey, grey, 255], 4 * (r * COLUMNS + c));
    }
  context.putImageData(image, 0, 0);
}
