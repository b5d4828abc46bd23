/** The two canvases of a chart, and what a keyboard and a screen reader find in their place. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Loop, Panel } from "../../charts/loop.ts";

export interface ChartBoxParts {
  loop: Loop;
  /** "chart", "heat map". */
  kind: string;
  label: string;
  create: (
    element: HTMLElement,
    base: HTMLCanvasElement,
    over: HTMLCanvasElement,
  ) => Panel & { close(): void };
  children?: ComponentChildren;
}

export function ChartBox({ loop, kind, label, create, children }: ChartBoxParts) {
  const box = useRef<HTMLDivElement>(null);
  const base = useRef<HTMLCanvasElement>(null);
  const over = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (box.current === null || base.current === null || over.current === null) return;
    const chart = create(box.current, base.current, over.current);
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
