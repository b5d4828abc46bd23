/** What the colours of the matrix mean: a wheel for the phase, a scale for the magnitude. */
import { useEffect, useRef } from "preact/hooks";
import { css } from "../../../charts/oklch.ts";
import { colourOf, strengthOf } from "../../../charts/phase-palette.ts";
import { theme } from "../../theme/theme.ts";

const SIZE = 64;
const RING = 11;

export function Legend() {
  const wheel = useRef<HTMLCanvasElement>(null);
  const scale = useRef<HTMLCanvasElement>(null);
  const look = theme.value;
  useEffect(() => {
    if (wheel.current !== null) drawWheel(wheel.current, look.ends);
    if (scale.current !== null) drawScale(scale.current, look.ends);
  }, [look]);
  return (
    <div class="legend">
      <div class="wheel">
        <canvas
          ref={wheel}
          role="img"
          aria-label="Hue shows the phase: in step, row leads, opposite, column leads"
        />
        <span class="n">row leads</span>
        <span class="e">in step</span>
        <span class="s">column leads</span>
        <span class="w">opposite</span>
      </div>
      <div class="magnitude">
        <canvas ref={scale} role="img" aria-label="Lightness shows the magnitude, from none to full" />
        <span>none</span>
        <span>full</span>
      </div>
    </div>
  );
}

function prepare(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

type Ends = typeof theme.value.ends;

function drawWheel(canvas: HTMLCanvasElement, ends: Ends): void {
  const context = prepare(canvas, SIZE, SIZE);
  if (context === null) return;
  const steps = 96;
  context.lineWidth = RING;
  for (let k = 0; k < steps; k++) {
    const from = ((k - 0.6) / steps) * 2 * Math.PI;
    const to = ((k + 0.6) / steps) * 2 * Math.PI;
    context.strokeStyle = css(colourOf(ends, 0.85, k / steps));
    context.beginPath();
    // Phases count anticlockwise, the canvas clockwise.
    context.arc(SIZE / 2, SIZE / 2, SIZE / 2 - RING / 2 - 1, -to, -from);
    context.stroke();
  }
}

function drawScale(canvas: HTMLCanvasElement, ends: Ends): void {
  const width = 8;
  const height = SIZE;
  const context = prepare(canvas, width, height);
  if (context === null) return;
  for (let y = 0; y < height; y++) {
    const magnitude = 1 - y / (height - 1);
    context.fillStyle = css(colourOf(ends, strengthOf(magnitude), 0));
    context.fillRect(0, y, width, 1.5);
  }
}
