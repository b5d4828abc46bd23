/** The joint state ρ: matrix, read-out, legend, spectrum, and how far the estimate can be trusted. */
import "./panel.css";
import { useEffect, useRef, useState } from "preact/hooks";
import { clock } from "../../../charts/format.ts";
import { type Cell, HeatMap } from "../../../charts/heat-map.ts";
import { ChartBox } from "../../components/chart-box.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { type BlochVector, blochVector, isDirect } from "../../model/measures.ts";
import { type Group, type Model, type Moment, measureAt } from "../../model/model.ts";
import { pairWords } from "../../model/pair-words.ts";
import { theme } from "../../theme/theme.ts";
import { BLOCH } from "./bloch.ts";
import { StatePicture, titleOf } from "./chart.ts";
import { entryOf } from "./density-image.ts";
import { Legend } from "./legend.tsx";
import { MomentChart, type MomentPicture } from "./moment-chart.ts";
import { SPECTRUM } from "./spectrum.ts";

export function StatePanel({ model, view, loop }: PanelProps) {
  const [cell, setCell] = useState<Cell | null>(null);
  const bars = useMomentChart({ view, loop }, SPECTRUM);
  model.pulse.value;
  const group = view.group;
  const last = group?.joint.last ?? null;
  const shown = view.moment;
  const n = last?.n ?? 0;
  const direct = isDirect(group?.joint);
  const isQubit = direct && n === 2;
  const isBloch = isQubit && view.isBloch.value;
  return (
    <section class="panel state" aria-label="Joint state">
      <div class="panel-head">
        <h2>{direct ? "Quantum state" : "Who moves with whom"}</h2>
        <span class="hint">
          {direct ? "" : "joint state "}
          <span class="rho">ρ</span>
        </span>
        <div class="spacer" />
        {isDisturbed(model, group, shown?.timeUs) ? <span class="badge injected">injected data</span> : null}
        {shown?.past ? <span class="badge past">as of {clock(shown.timeUs)}</span> : null}
        <fieldset class="segments" aria-label="What the picture shows">
          {isQubit ? (
            <button
              type="button"
              aria-pressed={isBloch}
              onClick={() => {
                view.isBloch.value = true;
              }}
              title="The Bloch vector: its direction is the state, its length 1 where the state is pure"
            >
              Bloch
            </button>
          ) : null}
          <button
            type="button"
            aria-pressed={!isBloch && view.matrixScale.value === "density"}
            onClick={() => view.showMatrix("density")}
          >
            ρ
          </button>
          <button
            type="button"
            aria-pressed={!isBloch && view.matrixScale.value === "coherence"}
            onClick={() => view.showMatrix("coherence")}
            title="Magnitude coherence of each pair: |ρij| / √(ρii ρjj)"
          >
            pairs
          </button>
        </fieldset>
      </div>
      <div class="state-body">
        <figure
          class={isBloch ? "matrix bloch" : "matrix"}
          aria-label={isBloch ? "Bloch vector" : "Density matrix"}
        >
          {isBloch ? <Bloch {...{ view, loop, shown }} /> : null}
          <ChartBox
            loop={loop}
            kind="heat map"
            label={`Density matrix of ${n} channels, lightness is magnitude, hue is phase. Arrow keys move from cell to cell.`}
            create={(elements) => {
              const matrix = new HeatMap(elements, new StatePicture(view), () => theme.peek());
              matrix.onHover = setCell;
              return matrix;
            }}
          />
          {shown === null ? (
            <NoState group={group} atUs={last === null ? null : view.momentUs.value} />
          ) : null}
        </figure>
        {isBloch ? <BlochReadOut shown={shown} /> : <ReadOut group={group} cell={cell} shown={shown} />}
        <div class="state-foot">
          {isBloch ? null : <Legend />}
          <div class="spectrum">
            <div class="mini-head">
              <span>Spectrum λ</span>
              <span class="mini-plain">
                {shown === null || !shown.spectrum[0]
                  ? "share of each pattern"
                  : direct
                    ? `largest eigenvalue ${shown.spectrum[0].toFixed(3)}`
                    : `strongest pattern carries ${(shown.spectrum[0] * 100).toFixed(0)} %`}
              </span>
            </div>
            <canvas ref={bars} role="img" aria-label={spectrumWords(shown?.spectrum ?? [])} />
          </div>
        </div>
        <Reliability group={group} shown={shown} />
      </div>
    </section>
  );
}

/** The canvas of a picture, which is drawn while it is on the page. */
function useMomentChart({ view, loop }: Pick<PanelProps, "view" | "loop">, picture: MomentPicture) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current === null) return;
    const chart = new MomentChart(canvas.current, view, picture);
    const remove = loop.add(chart);
    return () => {
      remove();
      chart.close();
    };
  }, []);
  return canvas;
}

function Bloch({ view, loop, shown }: Pick<PanelProps, "view" | "loop"> & { shown: Moment | null }) {
  const canvas = useMomentChart({ view, loop }, BLOCH);
  const words = shown === null ? "not known yet" : blochWords(blochVector(shown.re, shown.im));
  return <canvas class="bloch-sphere" ref={canvas} role="img" aria-label={`Bloch vector: ${words}`} />;
}

function BlochReadOut({ shown }: { shown: Moment | null }) {
  if (shown === null) return <div class="read-out" />;
  const vector = blochVector(shown.re, shown.im);
  return (
    <div class="read-out">
      <strong>{blochWords(vector)}</strong>
      <span>
        length <b>{vector.length.toFixed(3)}</b> (1: pure, 0: completely mixed)
      </span>
    </div>
  );
}

function blochWords({ x, y, z }: BlochVector): string {
  const number = (value: number) => value.toFixed(3).replace("-", "−");
  return `x ${number(x)} · y ${number(y)} · z ${number(z)}`;
}

/** Whether the moment lies within an injection into the group. */
function isDisturbed(model: Model, group: Group | undefined, timeUs = Number.NaN): boolean {
  return model.injections.value.some(
    (each) => each.group === group?.name && timeUs >= each.fromUs && timeUs <= each.untilUs,
  );
}

function spectrumWords(spectrum: ArrayLike<number>): string {
  const first = Array.from(spectrum)
    .slice(0, 3)
    .map((x) => `${(100 * x).toFixed(0)} %`);
  return `Spectrum of the joint state: ${first.join(", ") || "not known yet"}`;
}

/** In place of the matrix before the first state, and where that of a moment is not known. */
function NoState({ group, atUs }: { group: Group | undefined; atUs: number | null }) {
  const words =
    group === undefined
      ? "The joint state appears with the first channels."
      : atUs === null
        ? "Collecting the first rows…"
        : `The joint state at ${clock(atUs)} is not known.`;
  return (
    <div class="matrix-empty">
      <div class="ghost" aria-hidden="true" />
      <p>{words}</p>
    </div>
  );
}

interface ReadOutProps {
  group: Group | undefined;
  cell: Cell | null;
  shown: Moment | null;
}

function ReadOut({ group, cell, shown }: ReadOutProps) {
  if (group === undefined || shown === null) return <div class="read-out" />;
  if (cell === null || cell.i >= shown.n || cell.j >= shown.n) {
    return (
      <div class="read-out idle">
        Point at a cell: how strongly two channels move together, and who leads.
      </div>
    );
  }
  const { i, j } = cell;
  const entry = entryOf(shown.re, shown.im, shown.n, i, j);
  if (i === j) {
    return (
      <output class="read-out" aria-live="polite">
        <strong>{titleOf(group, i)}</strong>
        <span>
          population <b>{(100 * entry.re).toFixed(1)} %</b> of the joint motion
        </span>
      </output>
    );
  }
  return (
    <output class="read-out" aria-live="polite">
      <strong>
        {titleOf(group, i)} – {titleOf(group, j)}
      </strong>
      <span>
        {pairWords(entry, titleOf(group, i), titleOf(group, j), {
          floor: measureAt(group.joint, shown, "visibilityFloor"),
          rows: measureAt(group.joint, shown, "nEff"),
        })}
      </span>
      <span class="pair-numbers">
        ρ<sub>ij</sub> ={" "}
        <b>
          {entry.magnitude.toFixed(4)} ∠ {signed(entry.degrees)}°
        </b>
        {" · "}coherence <b>{Number.isNaN(entry.coherence) ? "–" : entry.coherence.toFixed(2)}</b>
      </span>
    </output>
  );
}

function signed(degrees: number): string {
  const whole = Math.round(degrees);
  return whole === 0 ? "0" : `${whole < 0 ? "−" : "+"}${Math.abs(whole)}`;
}

/** An estimate from fewer rows is still warming up: groups rarely have more channels than this. */
const FEW_ROWS = 32;

/** Whether the state is estimated or direct, from how much data, and above noise or not. Always shown with an estimate. */
function Reliability({ group, shown }: { group: Group | undefined; shown: Moment | null }) {
  const last = group?.joint.last ?? null;
  if (group === undefined || last === null || shown === null) return null;
  const measure = (name: string) => measureAt(group.joint, shown, name);
  const nEff = measure("nEff");
  const warmup = shown.past ? undefined : last.measures["warmup"];
  const delay = measure("groupDelaySeconds");
  const significant = measure("significant") === 1;
  const estimated = last.source === "estimated";
  return (
    <div class="reliability">
      {!estimated ? null : warmup !== undefined && warmup < 1 ? (
        <div class="warming">
          <span>Warming up</span>
          <progress max={1} value={warmup} aria-label="Warm-up of the estimate" />
          <span>{Math.floor(warmup * 100)} %</span>
        </div>
      ) : (
        <span
          class={significant ? "badge good" : "badge quiet"}
          title="Whether the estimate differs from that of unrelated channels"
        >
          {significant ? "above noise" : (nEff ?? 0) < FEW_ROWS ? "warming up" : "below noise floor"}
        </span>
      )}
      <span
        class="badge"
        title={
          estimated
            ? "The normalised second-moment matrix of the channels. Quantum terms are one way to read it (one excitation shared by n modes), not a claim about physics"
            : "The state comes from the device itself"
        }
      >
        {estimated ? `estimated · ${last.reading} reading` : "given by the feed, exact"}
      </span>
      {nEff === undefined ? null : (
        <span class="badge" title="Effective number of independent rows in the estimate">
          n<sub>eff</sub> {nEff.toFixed(0)}
        </span>
      )}
      {delay === undefined || delay === 0 ? null : (
        <span class="badge" title="The filter's delay">
          delay {delay.toFixed(2)} s
        </span>
      )}
    </div>
  );
}
