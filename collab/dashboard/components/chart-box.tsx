/** The two canvases of a chart, with a name for screen readers and a place for the keyboard's focus. */
import "./chart-box.css";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Drawable, Loop } from "../../charts/loop.ts";
import type { ChartElements } from "../../charts/surface.ts";

interface ChartBoxProps {
  loop: Loop;
  /** "chart", "heat map". */
  kind: string;
  label: string;
  create: (elements: ChartElements) => Drawable & { close(): void };
  children?: ComponentChildren;
}

export function ChartBox({ loop, kind, label, create, children }: ChartBoxProps) {
  const box = useRef<HTMLDivElement>(null);
  const base = useRef<HTMLCanvasElement>(null);
  const over = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (box.current === null || base.current === null || over.current === null) return;
    const chart = create({ box: box.current, base: base.current, over: over.current });
    const remove = loop.add(chart);
    return () => {
      remove();
      chart.close();
    };
  }, []);
  return (
    <div
      class="chart-box"
      ref={box}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrows move a cursor over the picture
      tabIndex={0}
      role="application"
      aria-roledescription={kind}
      aria-label={label}
    >
      <canvas ref={base} />
      <canvas ref={over} class="over" />
      {children}
    </div>
  );
}
