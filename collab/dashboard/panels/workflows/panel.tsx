/** A line with the run of a workflow: how far it is and whose turn it is; opened, every step with its state, who did it, its time and what can be done. */
import "./panel.css";
import { useState } from "preact/hooks";
import { visibleText } from "../../../../protocol/visible-text.ts";
import { clock, span } from "../../../charts/format.ts";
import type { PanelProps } from "../../components/panel-props.ts";
import type { ShownRun, ShownStep } from "../../model/workflows.ts";

/** What the document takes of a note. */
const NOTE_CHARACTERS = 1_000;

/** More of them would fill the line. The list of steps has them all. */
const MOST_NAMED = 3;

export function WorkflowsLine(props: PanelProps) {
  const { workflows, model } = props;
  const [isOpen, setOpen] = useState(false);
  const run = workflows.shown.value;
  const offered = workflows.offered.value;
  if (run === null && (offered.length === 0 || !workflows.isLive)) return null;
  model.pulse.value;
  const failure = workflows.failure.value;
  return (
    <section class="workflows" aria-label="Workflows">
      <div class="workflow-line">
        {run === null ? <p class="workflow-now">No workflow was started yet.</p> : <RunLine run={run} />}
        <div class="spacer" />
        {run === null ? null : (
          <button type="button" class="button small" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? "Hide steps" : "Show steps"}
          </button>
        )}
        {workflows.isLive ? <Start {...props} /> : null}
      </div>
      {failure === "" ? null : (
        <p class="trouble" role="alert">
          {failure}
        </p>
      )}
      {run !== null && isOpen ? <Steps run={run} {...props} /> : null}
    </section>
  );
}

function RunLine({ run }: { run: ShownRun }) {
  const { id, title, state, over, steps } = run;
  return (
    <>
      <p class="workflow-title">
        <strong>{visibleText(title)}</strong> <span class="hint">{visibleText(id)}</span>
      </p>
      <progress
        class={`workflow-bar is-${state}`}
        max={steps.length}
        value={over}
        aria-label={`${over} of ${steps.length} steps are over`}
      />
      <p class="workflow-now">
        {over} of {steps.length} · {nowWords(run)}
      </p>
    </>
  );
}

/** "Warm up is running, by workflow · Review waits for somebody" */
function nowWords({ state, steps }: ShownRun): string {
  if (state === "done") return "done";
  const failed = steps
    .filter(({ step }) => step.state === "failed")
    .map(({ step }) => `${step.title} failed`);
  const running = steps
    .filter(({ step }) => step.state === "running")
    .map(({ step }) => `${step.title} is running${step.name === undefined ? "" : `, by ${step.name}`}`);
  const turns = steps
    .filter(({ step, waitsFor }) => step.state === "waiting" && waitsFor.length === 0)
    .map(({ step }) => `${step.title} waits for somebody`);
  const all = [...failed, ...turns, ...running].map(visibleText);
  const more = all.length - MOST_NAMED;
  return `${all.slice(0, MOST_NAMED).join(" · ")}${more > 0 ? ` · and ${more} more` : ""}`;
}

function Start({ workflows }: PanelProps) {
  const offered = workflows.offered.value;
  const refused = workflows.whyNot();
  return (
    <>
      {offered.map((each) => (
        <button
          type="button"
          key={each.name}
          class="button small"
          disabled={refused !== ""}
          title={refused || each.definition.description || `Start a run of ${each.name}`}
          onClick={() => void workflows.start(each)}
        >
          Start {visibleText(each.definition.title)}
        </button>
      ))}
    </>
  );
}

function Steps({ run, ...props }: PanelProps & { run: ShownRun }) {
  const { workflows } = props;
  const runs = workflows.runs.value;
  return (
    <div class="workflow-steps">
      <p class="hint">
        {runs.length > 1 ? (
          <label>
            Run{" "}
            <select
              value={run.id}
              onChange={({ currentTarget }) => {
                workflows.chosen.value = currentTarget.value;
              }}
            >
              {runs.map((id) => (
                <option key={id} value={id}>
                  {id}
                </option>
              ))}
            </select>{" "}
          </label>
        ) : null}
        started by {visibleText(run.startedBy)} at {clock(run.startedAtUs)}
      </p>
      <ol aria-label={`Steps of ${visibleText(run.id)}`}>
        {run.steps.map((each) => (
          <Step key={each.id} run={run.id} shown={each} {...props} />
        ))}
      </ol>
    </div>
  );
}

const STATE_WORDS = {
  waiting: "Waiting",
  running: "Running",
  done: "Done",
  failed: "Failed",
  skipped: "Skipped",
} as const;

function Step({ run, shown, ...props }: PanelProps & { run: string; shown: ShownStep }) {
  const { step, waitsFor, phase } = shown;
  const { state, title, name, note, progress, instructions, role, automatic } = step;
  const isItsTurn = state === "waiting" && waitsFor.length === 0;
  const said = [
    ...(waitsFor.length > 0 && state === "waiting" ? [`waits for ${waitsFor.join(", ")}`] : []),
    ...(isItsTurn && automatic === undefined
      ? [`waits for somebody${role === "owner" ? " with the role owner" : ""}`]
      : []),
    ...(name === undefined || state === "waiting" ? [] : [`by ${name}`]),
    ...(note === undefined ? [] : [note]),
  ];
  return (
    <li class={`workflow-step at-${state}`}>
      <span class="step-state">{STATE_WORDS[state]}</span>
      <p class="step-what">
        <strong>{visibleText(title)}</strong>{" "}
        {said.length === 0 ? null : <span class="hint">{said.map(visibleText).join(" · ")}</span>}
        {isItsTurn && instructions !== undefined ? (
          <span class="step-help">{visibleText(instructions)}</span>
        ) : null}
      </p>
      {state === "running" && progress !== undefined ? (
        <progress
          max={progress.of}
          value={progress.done}
          aria-label={`${title}: ${progress.done} of ${progress.of}`}
        />
      ) : null}
      <span class="step-time">{timeWords(shown)}</span>
      <Choices run={run} shown={shown} {...props} />
      {phase === undefined ? null : <span class="sr">began at {clock(phase.beganUs)}</span>}
    </li>
  );
}

/** What it took, or takes so far by this machine's clock. */
function timeWords({ step, phase }: ShownStep): string {
  if (phase === undefined || (phase.endedUs === null && step.state !== "running")) return "";
  return span(Math.max(0, (phase.endedUs ?? Date.now() * 1_000) - phase.beganUs));
}

function Choices({ run, shown, workflows }: PanelProps & { run: string; shown: ShownStep }) {
  const { id, step, choices } = shown;
  const [note, setNote] = useState("");
  if (choices.length === 0 || !workflows.isLive) return null;
  const refused = workflows.whyNot();
  const takesNote = choices.some(({ to }) => to === "done");
  return (
    <div class="step-acts">
      {takesNote ? (
        <input
          type="text"
          placeholder="Note"
          aria-label={`Note on ${step.title}`}
          maxLength={NOTE_CHARACTERS}
          value={note}
          disabled={refused !== ""}
          onInput={({ currentTarget }) => setNote(currentTarget.value)}
        />
      ) : null}
      {choices.map(({ to, words }) => (
        <button
          type="button"
          key={words}
          class="button small"
          disabled={refused !== ""}
          title={refused || undefined}
          aria-label={`${words}: ${step.title}`}
          onClick={() => {
            void workflows.move(run, id, to, note.trim());
            setNote("");
          }}
        >
          {words}
        </button>
      ))}
    </div>
  );
}
