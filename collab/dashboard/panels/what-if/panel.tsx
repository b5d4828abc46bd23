/** What would have happened: asks for a branch of the recording with some changes, and compares its events with the original ones. */
import "./panel.css";
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { WhatIfAnswer } from "../../../../protocol/controls.ts";
import { clock } from "../../../charts/format.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Icon } from "../../components/icon.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import { ComparisonChart } from "./chart.tsx";
import { WhatIfFields } from "./fields.tsx";
import { EMPTY_FORM, form, localTime, requestOf } from "./form.ts";
import { DIFFERENCE_KINDS, type DifferenceKind, type EventPair, pairsOf } from "./pairs.ts";

const answer = signal<WhatIfAnswer | null>(null);
/** Whether an answer is under way, and why the last one failed. Both survive closing the dialog. */
const busy = signal(false);
const failure = signal("");
const hidden = signal<ReadonlySet<DifferenceKind>>(new Set(["same"]));
/** Rows of the list. The picture above it shows all pairs. */
const MOST_ROWS = 300;

export function WhatIfDialog(props: PanelProps) {
  const { view } = props;
  const close = () => {
    if (view.dialog.peek() === "whatIf") view.dialog.value = null;
  };
  return (
    <Dialog
      open={view.dialog.value === "whatIf"}
      close={close}
      title="What would have happened?"
      kind="what-if"
    >
      {() => <WhatIfBody {...props} />}
    </Dialog>
  );
}

function WhatIfBody(props: PanelProps) {
  const { model, view, controls } = props;
  useEffect(() => {
    if (form.peek().at !== "") return;
    form.value = { ...EMPTY_FORM, at: localTime(firstMoment(props)), group: view.groupName.peek() };
  }, []);
  const ask = async (event: Event) => {
    event.preventDefault();
    failure.value = "";
    busy.value = true;
    try {
      const group = form.value.group === "" ? view.groupName.peek() : form.value.group;
      answer.value = await controls.whatIf(requestOf(form.value), model.group(group)?.partition);
      const { counts } = answer.value;
      const differs = counts.new + counts.gone + counts.moved + counts.changed;
      view.announcement.value = `${differs} events differ, ${counts.same} are the same`;
    } catch (error) {
      failure.value = (error as Error).message;
    }
    busy.value = false;
  };
  return (
    <>
      <form class="what-if-form" onSubmit={ask}>
        <WhatIfFields model={model} controls={controls} />
        <div class="dialog-foot">
          <p
            class={failure.value === "" ? "hint" : "trouble"}
            role={failure.value === "" ? undefined : "alert"}
          >
            {failure.value === ""
              ? "The same actors run again over the recording. The recording does not change."
              : failure.value}
          </p>
          <button type="submit" class="button primary" disabled={busy.value}>
            <Icon name="branch" size={14} />
            {busy.value ? "Running…" : "Run the branch"}
          </button>
        </div>
      </form>
      {answer.value === null ? null : <Answer answer={answer.value} />}
    </>
  );
}

/** The moment at the cursor, else a minute before the newest data. */
function firstMoment({ model, view, controls }: PanelProps): number {
  const looked = view.cursorUs.peek();
  if (looked !== null) return looked;
  const status = controls.replay.peek();
  const now = status === null ? model.headUs : controls.timeUs();
  return Math.max(status?.fromUs ?? 0, (Number.isNaN(now) ? Date.now() * 1000 : now) - 60e6);
}

function Answer({ answer }: { answer: WhatIfAnswer }) {
  const pairs = pairsOf(answer);
  const shown = pairs.filter(({ kind }) => !hidden.value.has(kind));
  const { counts, atUs, untilUs } = answer;
  const differs = counts.new + counts.gone + counts.moved + counts.changed;
  return (
    <section class="answer" aria-label="Difference">
      <div class="answer-head">
        <h3>{differs === 0 ? "No event would differ" : `${differs} events would differ`}</h3>
        <span class="hint">
          {clock(atUs)} to {clock(untilUs)}
        </span>
        <div class="spacer" />
        <fieldset class="filters" aria-label="Kinds shown">
          {DIFFERENCE_KINDS.map((kind) => (
            <button
              type="button"
              key={kind}
              class={`filter kind-filter at-${kind}`}
              aria-pressed={!hidden.value.has(kind)}
              onClick={() => toggle(kind)}
            >
              <span class="kind-swatch" aria-hidden="true" />
              {kind} {counts[kind]}
            </button>
          ))}
        </fieldset>
      </div>
      <ComparisonChart pairs={pairs} fromUs={atUs} toUs={untilUs} />
      {shown.length === 0 ? null : <Differences pairs={shown.slice(0, MOST_ROWS)} />}
      {shown.length > MOST_ROWS ? <p class="hint">… and {shown.length - MOST_ROWS} more</p> : null}
    </section>
  );
}

function Differences({ pairs }: { pairs: readonly EventPair[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must be reachable by keyboard
    <section class="differences" tabIndex={0} aria-label="Events that differ">
      <table>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Original</th>
            <th scope="col">Branch</th>
            <th scope="col">How</th>
          </tr>
        </thead>
        <tbody>
          {pairs.map(({ kind, original, branch, how }) => (
            <tr key={`${original?.id} ${branch?.id}`} class={`at-${kind}`}>
              <td>
                <span class="kind-badge">{kind}</span>
              </td>
              <td>{original === null ? "–" : `${clock(original.timeUs)} ${original.title}`}</td>
              <td>{branch === null ? "–" : `${clock(branch.timeUs)} ${branch.title}`}</td>
              <td>{how}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function toggle(kind: DifferenceKind): void {
  const next = new Set(hidden.value);
  if (!next.delete(kind)) next.add(kind);
  hidden.value = next;
}
