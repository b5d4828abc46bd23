/** Events of the original above those of the branch, on one time axis. A line joins an event with its counterpart. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { timeLabel } from "../../../charts/format.ts";
import { type TimeView, timeMarks, timeStep, timeView, xOf } from "../../../charts/time-axis.ts";
import { zoneOffsetUs } from "../../../charts/zone.ts";
import type { DifferenceKind, EventPair } from "./pairs.ts";

const HEIGHT = 168;
const ORIGINAL_Y = 46;
const BRANCH_Y = 112;
const AXIS_Y = 150;
/** Room for the names of the two rows. */
const LEFT = 74;
const RIGHT = 14;

export function ComparisonChart({
  pairs,
  fromUs,
  toUs,
}: {
  pairs: readonly EventPair[];
  fromUs: number;
  toUs: number;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  useLayoutEffect(() => {
    if (box.current === null) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 800)));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const columns = Math.max(50, width - LEFT - RIGHT);
  const air = 0.02 * Math.max(1e6, toUs - fromUs);
  const time = timeView(toUs + air, toUs - fromUs + 2 * air, columns);
  const x = (timeUs: number) => LEFT + xOf(timeUs, time);
  return (
    <div class="comparison" ref={box}>
      <svg
        width={width}
        height={HEIGHT}
        viewBox={`0 0 ${width} ${HEIGHT}`}
        role="img"
        aria-label="Events of the original above those of the branch, over time; the list below has the same in words"
      >
        <Grid time={time} x={x} />
        <line class="branch-point" x1={x(fromUs)} x2={x(fromUs)} y1={12} y2={AXIS_Y - 8} />
        <text class="comparison-word" x={x(fromUs) + 5} y={20}>
          branches here
        </text>
        <text class="comparison-name" x={0} y={ORIGINAL_Y + 4}>
          original
        </text>
        <text class="comparison-name" x={0} y={BRANCH_Y + 4}>
          branch
        </text>
        <line class="comparison-axis" x1={LEFT} x2={width - RIGHT} y1={ORIGINAL_Y} y2={ORIGINAL_Y} />
        <line class="comparison-axis" x1={LEFT} x2={width - RIGHT} y1={BRANCH_Y} y2={BRANCH_Y} />
        {pairs.map((pair, k) => (
          <Pair key={k} pair={pair} x={x} />
        ))}
      </svg>
    </div>
  );
}

function Grid({ time, x }: { time: TimeView; x: (timeUs: number) => number }) {
  const apart = 110;
  const step = timeStep(time, apart);
  return (
    <>
      {timeMarks(time, apart, zoneOffsetUs).map((mark) => (
        <g key={mark}>
          <line class="comparison-grid" x1={x(mark)} x2={x(mark)} y1={26} y2={AXIS_Y - 8} />
          <text class="comparison-time" x={x(mark)} y={AXIS_Y + 8}>
            {timeLabel(mark, step)}
          </text>
        </g>
      ))}
    </>
  );
}

function Pair({ pair, x }: { pair: EventPair; x: (timeUs: number) => number }) {
  const { kind, original, branch, how } = pair;
  const before = original === null ? null : x(original.timeUs);
  const after = branch === null ? null : x(branch.timeUs);
  return (
    <g class={`pair at-${kind}`}>
      <title>{`${kind}: ${(branch ?? original)?.title ?? ""}${how === "" ? "" : ` (${how})`}`}</title>
      {before !== null && after !== null ? (
        <path
          class="join"
          d={`M${before} ${ORIGINAL_Y + 8}C${before} ${ORIGINAL_Y + 34} ${after} ${BRANCH_Y - 34} ${after} ${BRANCH_Y - 8}`}
        />
      ) : null}
      {before === null ? null : <Mark x={before} y={ORIGINAL_Y} kind={kind} severity={original!.severity} />}
      {after === null ? null : <Mark x={after} y={BRANCH_Y} kind={kind} severity={branch!.severity} />}
    </g>
  );
}

/** The shape of the severity, as in the charts, with a cross over a lost event and a ring around a new one. */
function Mark({ x, y, kind, severity }: { x: number; y: number; kind: DifferenceKind; severity: string }) {
  return (
    <g transform={`translate(${x.toFixed(1)} ${y})`} class={`comparison-mark is-${severity}`}>
      <path class="shape" d={SHAPES[severity] ?? SHAPES["info"]} />
      {kind === "gone" ? <path class="cross" d="M-8 -8L8 8M8 -8L-8 8" /> : null}
      {kind === "new" ? <circle class="ring" r={10} /> : null}
    </g>
  );
}

const SHAPES: Readonly<Record<string, string>> = {
  critical: "M-5 -5H5V5H-5Z",
  warning: "M0 -6L6 5H-6Z",
  notice: "M0 -6L6 0L0 6L-6 0Z",
  info: "M-4 0A4 4 0 1 1 4 0A4 4 0 1 1 -4 0Z",
};
