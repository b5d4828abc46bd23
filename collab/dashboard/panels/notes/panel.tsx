/** Notes on moments and stretches of time: a form for a new one, and threads. Pressing one shows its moment in all charts. */
import "./panel.css";
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { visibleText } from "../../../../protocol/visible-text.ts";
import { clock, dateTime, span } from "../../../charts/format.ts";
import type { TimeRange } from "../../../charts/time-chart.ts";
import { ListTabs } from "../../components/list-tabs.tsx";
import { Newest } from "../../components/newest.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import type { Note, Thread } from "../../model/notes.ts";
import { colourOf, initialsOf } from "../../model/people.ts";

/** What the document takes of a text. */
const MOST_CHARACTERS = 1_000;
/** The colours of lines: the theme has as many. */
const COLOURS = 8;
const ROWS_AT_ONCE = 200;

const hidesResolved = signal(false);

export function NotesPanel(props: PanelProps) {
  const { notes, room, view } = props;
  const threads = notes.threads.value;
  const isResolvedThere = threads.some(({ note }) => note.isResolved);
  const shown = threads.filter(({ note }) => !(hidesResolved.value && note.isResolved));
  const refused = room.whyNot();
  const failure = room.failure.value;
  return (
    <section class="panel notes" aria-label="Notes">
      <div class="panel-head">
        <ListTabs {...props} />
        <div class="spacer" />
        {isResolvedThere ? (
          <button
            type="button"
            class="filter"
            aria-pressed={!hidesResolved.value}
            onClick={() => {
              hidesResolved.value = !hidesResolved.value;
            }}
          >
            resolved
          </button>
        ) : null}
        {room.isJoined.value ? (
          <button
            type="button"
            class="button small"
            disabled={refused !== ""}
            title={refused || "Write a note on the moment at the cursor, or on what is marked on a chart"}
            onClick={() => view.writeNote(view.marked.peek())}
          >
            New note
          </button>
        ) : null}
      </div>
      {failure === "" ? null : (
        <p class="trouble note-trouble" role="alert">
          {failure}
        </p>
      )}
      <div class="note-rows">
        {view.isWriting.value && view.marked.value !== null ? (
          <NewNote {...props} range={view.marked.value} />
        ) : null}
        {threads.length === 0 && !view.isWriting.value ? <Empty {...props} /> : null}
        <Newest
          rows={shown}
          at={ROWS_AT_ONCE}
          what="notes"
          label="Notes, the newest time first"
          draw={(thread) => <ThreadRow key={thread.note.id} thread={thread} {...props} />}
        />
      </div>
    </section>
  );
}

function Empty({ room }: PanelProps) {
  if (!room.isJoined.value) return <p class="empty-note">Nobody has written a note.</p>;
  return (
    <p class="empty-note">
      No notes yet. Drag over a chart with <kbd>Shift</kbd> (or after <kbd>S</kbd>) to mark a stretch of time
      and write what happened there. With the keyboard: <kbd>Enter</kbd> on a chart begins and ends it.
    </p>
  );
}

function NewNote({ view, notes, range }: PanelProps & { range: TimeRange }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [body, setBody] = useState("");
  const [channel, setChannel] = useState("");
  // Before the next key: what a person types on after Enter is the note.
  useLayoutEffect(() => field.current?.focus(), []);
  const submit = () => {
    if (body.trim() === "") return;
    if (notes.write(range, body.trim(), channel === "" ? null : channel)) view.stopWriting();
  };
  return (
    <form
      class="new-note"
      aria-label="A new note"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          event.stopPropagation();
          view.stopWriting();
        } else sendOnEnter(event, submit);
      }}
    >
      <p class="note-time">{rangeWords(range)}</p>
      <textarea
        ref={field}
        aria-label={`Note on ${rangeWords(range)}`}
        placeholder="What happened here?"
        rows={3}
        maxLength={MOST_CHARACTERS}
        value={body}
        onInput={({ currentTarget }) => setBody(currentTarget.value)}
      />
      <div class="note-acts">
        <select
          aria-label="About"
          value={channel}
          onChange={({ currentTarget }) => setChannel(currentTarget.value)}
        >
          <option value="">all channels</option>
          {view.channels.map(({ key, title }) => (
            <option key={key} value={key}>
              {title}
            </option>
          ))}
        </select>
        <div class="spacer" />
        <button type="button" class="button small" onClick={() => view.stopWriting()}>
          Cancel
        </button>
        <button type="submit" class="button small primary" disabled={body.trim() === ""}>
          Save note
        </button>
      </div>
    </form>
  );
}

function ThreadRow({ thread, ...props }: PanelProps & { thread: Thread }) {
  const { notes, view, model } = props;
  const { note, replies } = thread;
  const isOpen = notes.open.value === note.id;
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isOpen) row.current?.scrollIntoView({ block: "nearest" });
  }, [isOpen]);
  const press = () => {
    notes.open.value = isOpen ? null : note.id;
    if (isOpen) view.pinnedUs.value = null;
    else view.jumpToRange(note);
  };
  const channel = note.channel === null ? undefined : model.channelsByKey.get(note.channel);
  return (
    <li ref={row} class={`thread${isOpen ? " open" : ""}${note.isResolved ? " resolved" : ""}`}>
      <button type="button" class="thread-head" aria-expanded={isOpen} onClick={press}>
        <Face note={note} {...props} />
        <span class="thread-text">{visibleText(isOpen ? note.body : (note.body.split("\n")[0] ?? ""))}</span>
        <span class="thread-facts">
          {rangeWords(note)}
          {channel === undefined ? "" : ` · ${channel.title}`}
          {replies.length === 0
            ? ""
            : ` · ${replies.length === 1 ? "1 answer" : `${replies.length} answers`}`}
          {note.isResolved ? " · resolved" : ""}
          <Saving note={note} {...props} />
        </span>
      </button>
      {isOpen ? <Answers thread={thread} {...props} /> : null}
    </li>
  );
}

function Answers({ thread, ...props }: PanelProps & { thread: Thread }) {
  const { notes, room } = props;
  const { note, replies } = thread;
  const mayChange = notes.mayChange(note);
  return (
    <div class="answers">
      <ol aria-label="Answers">
        {replies.map((reply) => (
          <li key={reply.id} class="answer">
            <Face note={reply} {...props} />
            <p>
              {visibleText(reply.body)}
              <span class="thread-facts">
                {nameOf(reply, props)}
                {reply.atUs === 0 ? "" : ` · ${clock(reply.atUs, 60e6)}`}
                <Saving note={reply} {...props} />
              </span>
            </p>
            {notes.mayChange(reply) ? (
              <button
                type="button"
                class="link"
                aria-label={`Delete the answer: ${visibleText(reply.body).slice(0, 40)}`}
                onClick={() => notes.remove({ note: reply, replies: [] })}
              >
                Delete
              </button>
            ) : null}
          </li>
        ))}
      </ol>
      {room.whyNot() === "" ? <Reply note={note} {...props} /> : null}
      {mayChange ? (
        <div class="note-acts">
          <button type="button" class="button small" onClick={() => notes.resolve(note, !note.isResolved)}>
            {note.isResolved ? "Open again" : "Resolve"}
          </button>
          <button type="button" class="button small" onClick={() => notes.remove(thread)}>
            Delete note
          </button>
        </div>
      ) : null}
    </div>
  );
}

function Reply({ note, notes }: PanelProps & { note: Note }) {
  const [body, setBody] = useState("");
  const submit = () => {
    if (body.trim() !== "" && notes.reply(note, body.trim())) setBody("");
  };
  return (
    <form
      class="reply"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <textarea
        aria-label="Answer"
        placeholder="Answer"
        rows={1}
        maxLength={MOST_CHARACTERS}
        value={body}
        onInput={({ currentTarget }) => setBody(currentTarget.value)}
        onKeyDown={(event) => sendOnEnter(event, submit)}
      />
      <button type="submit" class="button small" disabled={body.trim() === ""}>
        Answer
      </button>
    </form>
  );
}

/** The author, as initials in the person's colour. */
function Face({ note, ...props }: PanelProps & { note: Note }) {
  const name = nameOf(note, props);
  return (
    <span class={`face line-${colourOf(note.by, COLOURS) + 1}`} title={`${name} (${note.by})`}>
      <span aria-hidden="true">{initialsOf(name)}</span>
      <span class="sr">{name}: </span>
    </span>
  );
}

function Saving({ note, notes }: PanelProps & { note: Note }) {
  return notes.isSaving(note) ? <span class="note-saving"> · saving…</span> : null;
}

/** The server writes it into the note when that is added. Notes of older recordings may have none. */
function nameOf(note: Note, { people }: PanelProps): string {
  return visibleText(note.name === "" ? (people.nameOf(note.by) ?? note.by) : note.name);
}

/** Enter sends, Shift and Enter is a new line. */
function sendOnEnter(event: KeyboardEvent, send: () => void): void {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  if (!(event.target instanceof HTMLTextAreaElement)) return;
  event.preventDefault();
  send();
}

/** "14:03:20", "14:03:20 to 14:05:00 (1.7 min)", with the date where it is not of today. */
function rangeWords({ fromUs, untilUs }: TimeRange): string {
  const isToday = dateTime(fromUs).slice(0, 10) === dateTime(Date.now() * 1000).slice(0, 10);
  const day = isToday ? "" : `${dateTime(fromUs).slice(0, 10)} `;
  if (fromUs === untilUs) return `${day}${clock(fromUs)}`;
  return `${day}${clock(fromUs)} to ${clock(untilUs)} (${span(untilUs - fromUs)})`;
}
