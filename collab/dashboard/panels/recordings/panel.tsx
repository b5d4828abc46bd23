/** The recordings that the gateway has: a press opens one as a replay, at an address of its own. Back, or its link, returns to the live session. */
import "./panel.css";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ListedRecording, RecordingList } from "../../../../protocol/controls.ts";
import { dateTime, quantity, span } from "../../../charts/format.ts";
import { Dialog } from "../../components/dialog.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import type { Controls } from "../../model/controls.ts";

export function RecordingsDialog({ view, controls }: PanelProps) {
  const close = () => {
    if (view.dialog.peek() === "recordings") view.dialog.value = null;
  };
  return (
    <Dialog open={view.dialog.value === "recordings"} close={close} title="Recordings" kind="recordings">
      {() => (controls.supported.value.has("recordings") ? <Body controls={controls} /> : <None />)}
    </Dialog>
  );
}

function None() {
  return (
    <div class="recordings-body">
      <p>No recordings are offered here. Start the session with a folder of them:</p>
      <pre class="recordings-command">eigenwatch up --recordings DIR</pre>
    </div>
  );
}

type Answer = { readonly list: RecordingList } | { readonly failure: string };

function Body({ controls }: { controls: Controls }) {
  const [answer, setAnswer] = useState<Answer | null>(null);
  useEffect(() => {
    let isShown = true;
    const told = (given: Answer) => isShown && setAnswer(given);
    controls.ask<RecordingList>("api/recordings").then(
      (list) => told({ list }),
      (error: Error) => told({ failure: error.message }),
    );
    return () => {
      isShown = false;
    };
  }, []);
  return (
    <div class="recordings-body">
      {answer === null ? <p role="status">Reading…</p> : shown(answer, controls)}
    </div>
  );
}

function shown(answer: Answer, controls: Controls): ComponentChildren {
  if ("failure" in answer)
    return (
      <p class="trouble" role="alert">
        {answer.failure}
      </p>
    );
  const { recordings, more } = answer.list;
  const live = controls.live.value;
  return (
    <>
      {recordings.length === 0 ? <p role="status">The folder has no recording yet.</p> : null}
      <ol class="recordings-list" aria-label="Recordings, the newest first">
        {recordings.map((recording) => (
          <li key={recording.name}>
            <Row recording={recording} live={live} isOpen={live !== null && isOpenAt(recording.name)} />
          </li>
        ))}
      </ol>
      {more === 0 ? null : <p class="hint">{more} older ones are not listed</p>}
    </>
  );
}

interface RowProps {
  recording: ListedRecording;
  /** Relative address of the live session, null where this page shows it. */
  live: string | null;
  isOpen: boolean;
}

function Row({ recording, live, isOpen }: RowProps) {
  const { name, problem } = recording;
  const head = (
    <span class="recording-head">
      <span class="recording-name">{name}</span>
      {MARKS.filter(({ is }) => recording[is]).map(({ words, title }) => (
        <span class="badge" key={words} title={title}>
          {words}
        </span>
      ))}
    </span>
  );
  if (problem !== "")
    return (
      <div class="recording">
        {head}
        <span class="trouble">It cannot be opened: {problem}</span>
      </div>
    );
  return (
    <a
      class="recording"
      href={`${live ?? ""}recordings/${encodeURIComponent(name)}/`}
      aria-current={isOpen ? "page" : undefined}
    >
      {head}
      <span class="recording-facts">{factsOf(recording).join(" · ")}</span>
    </a>
  );
}

/** What a recording may be, as a badge with its explanation. */
const MARKS = [
  { is: "isLive", words: "being written", title: "Opened now, it shows what there is up to now" },
  { is: "isSealed", words: "sealed", title: "Whether its seal holds, `eigenwatch verify` says" },
  { is: "isDamaged", words: "damaged", title: "The replay ends where the damage begins" },
] as const;

function factsOf({ fromUs, toUs, channels, bytes, partitions }: ListedRecording): string[] {
  const facts: string[] = [];
  if (fromUs !== null && toUs !== null) facts.push(dateTime(fromUs).slice(0, 16), span(toUs - fromUs));
  if (channels !== null) facts.push(`${channels} channel${channels === 1 ? "" : "s"}`);
  if (partitions > 1) facts.push(`${partitions} partitions`);
  facts.push(quantity(bytes, "B"));
  return facts;
}

/** Whether this page shows the recording of that name. */
function isOpenAt(name: string): boolean {
  return location.pathname.endsWith(`/recordings/${encodeURIComponent(name)}/`);
}
